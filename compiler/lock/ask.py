"""Asks one hub about one repository: files, configuration and headers, without the weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from compiler.lock import quantization
from compiler.lock.config import read_config
from compiler.lock.sources import Wanted, planned, printable
from runtime import gguf, lockfile, safetensors
from runtime.errors import UserError
from runtime.files import unsafe_path_reason
from runtime.hubs import load_hub
from runtime.hubs.base import Hub, Notify, RemoteFile, Resolved
from runtime.lockfile import ConfigFacts, GgufFacts, LockedSource, Provenance, checked
from runtime.manifest import LockedFile

#: A configuration is a few kilobytes; a tokenizer's holds every special token.
_LONGEST_TEXT = 8 << 20
#: Answers that mean that the files may be listed, but not read.
_CLOSED = frozenset({"gated", "not-permitted"})
#: Answers that mean that there is no such thing, as opposed to a hub that cannot be asked.
MISSING = {"repo-missing": "repository", "revision-missing": "revision"}


def ask(wanted: Wanted, *, time: str, work: Path, notify: Notify) -> LockedSource:
    """Ask the hub about a repository.

    Args:
        wanted: The repository, and what it is needed for.
        time: The time to note (UTC, RFC 3339).
        work: Folder for what has to be fetched to learn that.
        notify: Told about waits, retries, and files that could not be read.

    Raises:
        UserError: The hub could not be asked, or has no such thing (a code of `MISSING`).
    """
    hub = load_hub(wanted.hub)
    resolved = hub.resolve(wanted.repo_id, wanted.revision, work=work, notify=notify)
    head = head_of(hub, resolved, work=work, notify=notify)
    return describe(wanted, Reading(hub, resolved, work, notify), time=time,
                    head=head.commit if head else None)


def describe(wanted: Wanted, reading: Reading, *, time: str, head: str | None = None,
             ) -> LockedSource:
    """What a repository whose revision is resolved holds; see `ask`.

    Raises:
        UserError: The hub stopped answering, or says what no lock may hold.
    """
    resolved = reading.resolved
    if len(resolved.files) > lockfile.MOST_FILES:
        raise UserError(f"{resolved.repo_id} has {len(resolved.files)} files; "
                        f"{lockfile.MOST_FILES} of a repository can be locked",
                        code="lock-too-long", hint="name a repository that holds the model alone")
    if unsafe := [file.path for file in resolved.files if file.path not in reading.by_path]:
        count = "a file" if len(unsafe) == 1 else f"{len(unsafe)} files"
        reading.notify(f"{resolved.repo_id}: {count} left out, since {printable(unsafe[0])!r} is "
                       f"not safe: {unsafe_path_reason(unsafe[0])}")
    config = reading.config(wanted)
    headers = list(reading.gguf_headers(wanted))
    return checked(LockedSource(
        hub=wanted.hub, repo_id=wanted.repo_id, revision=wanted.revision, commit=resolved.commit,
        provenance=Provenance(time=time, client=client(wanted.hub)),
        head=head,
        name=printable(resolved.name) if resolved.name != wanted.repo_id else None,
        gated=resolved.gated, licence=printable(resolved.licence),
        archive_sha256=resolved.archive_sha256,
        chat_template=reading.chat_template(),
        files=[LockedFile(path=file.path, size=file.size, sha256=file.sha256,
                          git_sha1=file.git_sha1) for file in safe_files(resolved)],
        config=config, gguf=headers))


def head_of(hub: Hub, resolved: Resolved, *, work: Path, notify: Notify) -> Resolved | None:
    """What a hub has newest, where a fixed commit or release was asked for; None elsewhere.

    A commit cannot move, so whoever pins one learns of a new one only by asking for this as well.

    Raises:
        UserError: The hub could not be asked.
    """
    if resolved.revision is None or resolved.commit != resolved.revision:
        return None
    try:
        return hub.resolve(resolved.repo_id, None, work=work / "head", notify=notify)
    except UserError as error:
        if error.code not in MISSING:
            raise
        return None  # such as one whose default branch has another name than most


def stamp(now: datetime | None = None) -> str:
    """A time as locks write it; the present one where none is given."""
    return (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def safe_files(resolved: Resolved) -> list[RemoteFile]:
    """The files of a repository whose path may be joined to a folder, sorted by path."""
    return sorted((file for file in resolved.files if unsafe_path_reason(file.path) is None),
                  key=lambda file: file.path)


def client(hub: str) -> str:
    """Name and version of a hub's client."""
    from importlib.metadata import PackageNotFoundError, version

    name = {"huggingface": "huggingface_hub", "modelscope": "modelscope-hub", "pypi": "pip"}.get(
        hub, "modelbook")
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name


class Reading:
    """Reads small files and headers of one repository.

    Args:
        hub: The hub's module.
        resolved: The repository, as it resolved a revision.
        work: Folder for what has to be fetched to read.
        notify: Told about waits, retries, and files that could not be read.
        thorough: Read also what lies behind a GGUF file's vocabulary: its chat template.
    """

    def __init__(self, hub: Hub, resolved: Resolved, work: Path, notify: Notify, *,
                 thorough: bool = False) -> None:
        self.thorough = thorough
        self.hub = hub
        self.resolved = resolved
        self.work = work
        self.notify = notify
        self.by_path = {file.path: file for file in safe_files(resolved)}
        self.gguf_templates: list[bool | None] = []

    def config(self, wanted: Wanted) -> ConfigFacts | None:
        """What `config.json`, or Mistral's `params.json`, and the weights' headers say."""
        raw = self._json("config.json" if "config.json" in self.by_path else "params.json")
        if raw is None:
            return None
        counts: dict[str, int] = {}
        experts = 0
        for path in self._weights(wanted):
            found = self._tell(path, partial(safetensors.count_parameters, self._range(path), path))
            if found is None:
                counts, experts = {}, 0  # a part of the sum would be wrong
                break
            for kind, count in found[0].items():
                counts[kind] = counts.get(kind, 0) + count
            experts += found[1]
        return msgspec.structs.replace(self._quantized(read_config(raw)), parameters=counts,
                                       expert_parameters=experts)

    def _quantized(self, facts: ConfigFacts) -> ConfigFacts:
        """The facts, with the quantization that older checkpoints state in a file of its own."""
        for path in quantization.OLDER if facts.quantization_method is None else ():
            if content := self._json(path):
                method, bits, group_size = quantization.older(path, content)
                return msgspec.structs.replace(facts, quantization_method=method, bits=bits,
                                               group_size=group_size)
        return facts

    def gguf_headers(self, wanted: Wanted) -> Iterator[GgufFacts]:
        """The header of each planned file, or of the first part of a split one."""
        firsts = {expected[0] for use in wanted.uses if (expected := use.expected_files)}
        for path in sorted(firsts & self.by_path.keys()):
            found = self._tell(path, partial(gguf.read_metadata, self._range(path), path,
                                             whole=self.thorough))
            if found is not None:
                self.gguf_templates.append(found.chat_template)
                yield GgufFacts(path=path, architecture=printable(found.architecture),
                                file_type=found.file_type, context_length=found.context_length,
                                size_label=printable(found.size_label), attention=found.attention)

    def chat_template(self) -> bool | None:
        """Whether there is a chat template; None where nothing that could hold one was read."""
        if {"chat_template.jinja", "chat_template.json"} & self.by_path.keys():
            return True
        tokenizer = self._json("tokenizer_config.json")
        if tokenizer is not None:
            return bool(tokenizer.get("chat_template"))
        if any(self.gguf_templates):
            return True
        return False if self.gguf_templates and None not in self.gguf_templates else None

    def text(self, path: str, most: int) -> bytes | None:
        """The beginning of a small file; None where it is not there, or may not be read."""
        if path not in self.by_path:
            return None
        found = self._tell(path, lambda: self._range(path)(0, most))
        return found if isinstance(found, bytes) else None

    def _weights(self, wanted: Wanted) -> list[str]:
        paths = {file.path for use in wanted.uses if use.expected_files is None
                 for file in planned(use, self.resolved.files)}
        return sorted(path for path in paths if path.endswith(".safetensors"))

    def _json(self, path: str) -> dict[str, Any] | None:
        if path not in self.by_path:
            return None

        def read() -> dict[str, Any]:
            data = self._range(path)(0, _LONGEST_TEXT + 1)
            if len(data) > _LONGEST_TEXT:
                raise UserError(f"it is longer than {_LONGEST_TEXT} bytes", code="model-damaged")
            found = json.loads(data)
            if not isinstance(found, dict):
                raise UserError("it is no JSON object", code="model-damaged")
            return found

        found: dict[str, Any] | None = self._tell(path, read)
        return found

    def _range(self, path: str) -> Callable[[int, int], bytes]:
        file = self.by_path[path]

        def read(start: int, end: int) -> bytes:
            end = end if file.size is None else min(end, file.size)
            return b"" if end <= start else self.hub.read_range(
                self.resolved, file, start, end, work=self.work, notify=self.notify)

        return read

    def _tell(self, path: str, read: Callable[[], Any]) -> Any:
        """What `read` returns; None, and a note, where the file may not or cannot be read."""
        where = f"{self.resolved.repo_id}: {path}"
        try:
            return read()
        except UserError as error:
            if error.code not in _CLOSED | {"model-damaged", "lfs-pointer", "no-ranges"}:
                raise
            self.notify(f"{where} was not read: {error.message}")
        except (ValueError, RecursionError):
            self.notify(f"{where} was not read: it is no JSON")
        return None
