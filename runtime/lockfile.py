"""The lock of a family: what the hubs said when they were asked, as `specs/locks/*.lock.json`.

`compiler lock` writes it, `compiler check` compares specs with it without a network. Canonical
bytes are UTF-8 JSON with sorted keys, two-space indentation and a final newline; sources and files
are sorted, so that locking an unchanged hub again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

from runtime.errors import UserError
from runtime.manifest import Attention, Commit, Count, LockedFile

FORMAT = "modelbook.lock"
FORMAT_VERSION = 1
#: Folder beside `families/`, and the end of a lock's file name.
FOLDER, SUFFIX = "locks", ".lock.json"
#: So many files of a repository can be kept in a lock.
MOST_FILES = 100_000
#: Types in which one stored number is one parameter, and those of positions and masks.
_WHOLE = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
_NO_WEIGHTS = frozenset({"I64", "BOOL"})
_Time = Annotated[str, msgspec.Meta(
    pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
_Missing = Annotated[str, msgspec.Meta(pattern="^(repository|revision)$")]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True,
             forbid_unknown_fields=True):
    """Base of all records of a lock: immutable, defaults left out of the JSON."""


class Provenance(Record, frozen=True):
    """Where a source's facts come from; kept as it was while they stay the same.

    Attributes:
        time: When the hub was asked (UTC, `2026-11-25T20:29:43Z`).
        client: Name and version of the client that asked.
    """

    time: _Time
    client: str = ""


class ConfigFacts(Record, frozen=True):
    """What a model's `config.json` and the headers of its weights say; None where they do not.

    Attributes:
        architectures: Class names.
        model_type: As written.
        context_length: Tokens, a stated scaling of rotary positions applied.
        native_context_length: Tokens before such a scaling.
        other_context_lengths: Further lengths that can be meant, where the config leaves open
            whether the scaling is applied already.
        quantization_method: `quant_method` of the quantization config, or `mlx`.
        bits: Bits of a quantized weight.
        group_size: Weights that share a scale.
        dtype: Type of unquantized weights, such as `bfloat16`.
        parameters: Type in the weights' headers → how many numbers have it.
        expert_parameters: Those numbers that lie in routed experts.
        experts: Routed experts of a layer.
        experts_per_token: Routed experts that a token passes through.
        attention: What the context's memory depends on.
    """

    architectures: list[str] = []
    model_type: str | None = None
    context_length: Count | None = None
    native_context_length: Count | None = None
    other_context_lengths: list[Count] = []
    quantization_method: str | None = None
    bits: Count | None = None
    group_size: Count | None = None
    dtype: str | None = None
    parameters: dict[str, Count] = {}
    expert_parameters: Count = 0
    experts: Count | None = None
    experts_per_token: Count | None = None
    attention: Attention | None = None

    @property
    def total(self) -> int | None:
        """All parameters; None where they are not known, since packed weights hide how many."""
        counts = {kind: count for kind, count in self.parameters.items() if kind not in _NO_WEIGHTS}
        return sum(counts.values()) if counts and _WHOLE.issuperset(counts) else None

    @property
    def activated(self) -> int | None:
        """The parameters of a mixture of experts that a token passes through; None if unknown."""
        total = self.total
        if not (total and self.experts and self.experts_per_token and self.expert_parameters):
            return None
        used = self.expert_parameters * self.experts_per_token // self.experts
        return total - self.expert_parameters + used


class GgufFacts(Record, frozen=True):
    """What the header of a GGUF file says; None where it does not.

    Attributes:
        path: The file; the first part of a split one.
        architecture: Such as `llama`.
        file_type: Number of its quantization, as llama.cpp counts them.
        context_length: Tokens.
        size_label: The model's size, such as `7B`.
        attention: What the context's memory depends on.
    """

    path: str
    architecture: str | None = None
    file_type: Count | None = None
    context_length: Count | None = None
    size_label: str | None = None
    attention: Attention | None = None


class Before(Record, frozen=True):
    """What a source said at an earlier lock, until `compiler lock --accept` forgets it.

    Attributes:
        gated: See `LockedSource`.
        licence: Likewise.
    """

    gated: str | None = None
    licence: str | None = None


class LockedSource(Record, frozen=True):
    """One repository at one revision on one hub.

    Attributes:
        hub: Hub name.
        repo_id: As the spec writes it, with the quantization filled in.
        revision: What the spec asks for; None: the default branch.
        commit: What that stood for; empty where it was never found.
        head: What the default branch, or the newest release, was at the time, where `revision`
            names a fixed commit or release; None elsewhere.
        provenance: When and by what this was asked.
        missing: `repository` or `revision` where the hub has no such thing (now); the rest is then
            what was known before.
        name: The hub's own spelling of the repository's id, where it is another.
        gated: `auto` or `manual` where the authors let in only who accepted their terms; empty
            where everybody may download; None where the hub does not say.
        licence: As the hub names it.
        archive_sha256: Hash of the one archive that holds all files, such as a wheel.
        chat_template: Whether the tokenizer or the weights carry one; None where that is unknown.
        files: Every file whose path is safe, sorted by path.
        config: What the model's configuration says; None where there is none.
        gguf: Headers of the planned GGUF files, sorted by path.
        before: What changed since an earlier lock and nobody accepted yet.
    """

    hub: str
    repo_id: str
    commit: Commit
    provenance: Provenance
    revision: str | None = None
    head: Commit | None = None
    missing: _Missing | None = None
    name: str | None = None
    gated: str | None = None
    licence: str | None = None
    archive_sha256: str | None = None
    chat_template: bool | None = None
    files: list[LockedFile] = []
    config: ConfigFacts | None = None
    gguf: list[GgufFacts] = []
    before: Before | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells sources of a lock apart, and their order."""
        return (self.hub, self.repo_id, self.revision or "")

    @property
    def checked(self) -> str:
        """The date (YYYY-MM-DD) on which the hub was asked."""
        return self.provenance.time[:10]

    def facts(self, path: str) -> GgufFacts | None:
        """The header of one GGUF file."""
        return next((header for header in self.gguf if header.path == path), None)


class Lock(Record, frozen=True, omit_defaults=False):
    """The lock of one family.

    Attributes:
        format: Always `modelbook.lock`.
        format_version: Raised when an older program must not read the file.
        family: The family's name.
        sources: Sorted by hub, repository and revision.
    """

    format: str
    format_version: int
    family: str
    sources: list[LockedSource]

    def source(self, hub: str, repo_id: str, revision: str | None) -> LockedSource | None:
        """The source of that key."""
        key = (hub, repo_id, revision or "")
        return next((source for source in self.sources if source.key == key), None)


_ENCODER = msgspec.json.Encoder(order="sorted")


def file_name(family: str) -> str:
    """The name of a family's lock in the folder of locks."""
    return f"{family}{SUFFIX}"


def encode(lock: Lock) -> bytes:
    """The lock's canonical bytes."""
    ordered = msgspec.structs.replace(lock, sources=sorted(
        map(_ordered, lock.sources), key=lambda source: source.key))
    return msgspec.json.format(_ENCODER.encode(ordered), indent=2) + b"\n"


def _ordered(source: LockedSource) -> LockedSource:
    return msgspec.structs.replace(
        source, files=sorted(source.files, key=lambda file: file.path),
        gguf=sorted(source.gguf, key=lambda header: header.path))


def checked(source: LockedSource) -> LockedSource:
    """The source, if a lock that holds it can be read again.

    Raises:
        UserError: What the hub said of it is nothing that a lock may hold.
    """
    try:
        found = msgspec.convert(msgspec.to_builtins(source), LockedSource)
        _look_at(found)
        return found
    except msgspec.ValidationError as error:
        raise UserError(f"{source.repo_id} cannot be locked: {error}", code="lock-absurd",
                        why="the hub, or a file of the repository, says so",
                        hint="name another repository, or tell its owner") from None


def decode(data: bytes, name: str = "lock") -> Lock:
    """Read a lock.

    Args:
        data: The file's bytes.
        name: How to call the file in errors.

    Raises:
        UserError: It is not a lock that this version reads.
    """
    hint = "run `compiler lock`, which writes a new one"
    try:
        lock = msgspec.json.decode(data, type=Lock)
        _look_through(lock)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(f"{name} is not a lock that can be read: {error}", code="lock-invalid",
                        hint=hint) from None
    if lock.format != FORMAT or lock.format_version != FORMAT_VERSION:
        raise UserError(
            f"{name} is of the format {lock.format!r}, version {lock.format_version}; "
            f"this version reads {FORMAT!r}, version {FORMAT_VERSION}", code="lock-version",
            hint="upgrade Modelbook, or delete it and run `compiler lock`")
    return lock


def _look_through(lock: Lock) -> None:
    """Check what types do not say.

    Raises:
        msgspec.ValidationError: Something is there twice, or a time is none.
    """
    if twice := _twice("/".join(source.key) for source in lock.sources):
        raise msgspec.ValidationError(f"the source {twice} is there twice")
    for source in lock.sources:
        _look_at(source)


def _look_at(source: LockedSource) -> None:
    try:
        datetime.fromisoformat(source.provenance.time.rstrip("Z\n"))
    except ValueError:
        raise msgspec.ValidationError(
            f"{source.provenance.time!r}, at which {source.repo_id} was asked about, is no time",
        ) from None
    for paths in ([file.path for file in source.files], [header.path for header in source.gguf]):
        if twice := _twice(paths):
            raise msgspec.ValidationError(f"{source.repo_id} has {twice!r} twice")


def _twice(names: Iterable[str]) -> str | None:
    """The first of the names that came before already."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]
