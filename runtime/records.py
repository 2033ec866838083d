"""Verification records: what became of one combination on one machine, one JSON object a line.

A record names what it stands on by fingerprints, so that it goes stale by itself when the spec or
the engine's facts change. It holds nothing that identifies a machine or its user.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from runtime.combination import Combination
from runtime.errors import UserError
from runtime.manifest import Draft
from runtime.storage import regular

FORMAT = "modelbook.record"
FORMAT_VERSION = 1
#: In the order in which `verify` climbs them.
LEVELS = ("plan", "hub", "load", "chat", "abilities")
OUTCOMES = ("passed", "failed", "skipped", "environment")
#: What the machine's troubles, or an engine that was not there, do not undo.
DECIDED = ("passed", "failed")
WHO = ("maintainer", "ci", "contributor")


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen.

    Attributes:
        question: What the model was asked.
        answer: The beginning of its answer.
        reasoning: The beginning of its separate reasoning.
        via: `chat` or `completions`.
        finish_reason: Why the answer ended.
        key_line: The line of the engine's log that explains a failure.
        seconds_to_ready: From start to the first generation.
        abilities: Claimed ability → `shown`, or why not.
    """

    question: str = ""
    answer: str = ""
    reasoning: str = ""
    via: str = ""
    finish_reason: str = ""
    key_line: str = ""
    seconds_to_ready: float | None = None
    abilities: dict[str, str] = {}


class UsedEngine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The engine that was tried; version empty where it does not say."""

    name: str
    provider: str = ""
    version: str = ""


class UsedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of weights: path in its repository, bytes and SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class UsedSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the weights came from.

    Attributes:
        hub: Hub name, or `path` for files that the user named.
        repo_id: Repository.
        commit: Exact revision.
        files: The files that the engine was given or found in its folder.
        draft: Where the draft model beside them came from, if there was one.
    """

    hub: str
    repo_id: str = ""
    commit: str = ""
    files: list[UsedFile] = []
    draft: UsedSource | None = None


class UsedTwin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The twin that stood in for the real weights.

    Attributes:
        seed: Of its weights.
        approximation: How its quantization differs from the vendor's own; empty where it does not.
        taught: It was taught a sentence, and had to say it.
    """

    seed: int
    approximation: str = ""
    taught: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of verifying one combination.

    Attributes:
        combination: Combination id.
        wanted: Level that was asked for.
        level: Highest level reached; empty if none.
        outcome: `passed`, `failed`, `skipped` or `environment` (the machine was at fault).
        reason: One sentence; empty when passed.
        engine: What was tried.
        weights: `real`, or `twin` for random weights of the same shape.
        machine: Its kind, and of its GPUs those that the engine might use.
        date: UTC, ISO 8601.
        who: `maintainer`, `ci` or `contributor`.
        modelbook: Version of Modelbook.
        manifest: Digest of the manifest.
        spec: Fingerprint of what the spec says of the combination.
        facts: Fingerprint of what the engine's facts say.
        temperature: Of the requests; always 0.
        source: Where the weights came from, if any were needed.
        evidence: What was seen.
        twin: Which twin it was, where `weights` says so.
        tensor_parallel_size: GPUs that shared each layer.
    """

    format: str
    format_version: int
    combination: str
    wanted: str
    level: str
    outcome: str
    engine: UsedEngine
    weights: str
    machine: dict[str, object]
    date: str
    who: str
    modelbook: str
    manifest: str
    spec: str
    facts: str
    temperature: int
    reason: str = ""
    source: UsedSource | None = None
    evidence: Evidence | None = None
    twin: UsedTwin | None = None
    tensor_parallel_size: int = 1

    @property
    def gpus(self) -> str:
        """What it was tried on: `2 × NVIDIA H100 80GB HBM3, --tensor-parallel-size 2`."""
        named = self.machine.get("gpus")
        counts = {str(each): named.count(each) for each in named} if isinstance(named, list) else {}
        parts = [f"{count} × {name}" if count > 1 else name for name, count in counts.items()]
        if self.tensor_parallel_size > 1:
            parts.append(f"--tensor-parallel-size {self.tensor_parallel_size}")
        return ", ".join(parts)


def spec_fingerprint(combination: Combination, weights: str = "twin") -> str:
    """Changes when anything changes that decides how the combination is loaded and served.

    Args:
        combination: Which.
        weights: `real` or `twin`. What was locked concerns the real ones alone.
    """
    family, spec = combination.family, combination.spec
    return _fingerprint({
        "family": [family.name, family.architectures, family.model_type, family.abilities,
                   family.context_length, family.chat_template,
                   family.tool_parser.get(combination.engine.name),
                   family.reasoning_parser.get(combination.engine.name)],
        "spec": [spec.format, spec.size_in_billions, spec.variant, spec.trust_remote_code],
        "quantization": combination.quantization,
        "sources": [[hub.hub, hub.repo_id, hub.revision, hub.file_template,
                     hub.split_file_template, hub.split_parts.get(combination.quantization),
                     # Twins have neither of these two.
                     *([hub.multimodal_projectors]
                       if hub.multimodal_projectors and weights == "real" else []),
                     *([_without_date(hub.draft)] if hub.draft and weights == "real" else [])]
                    for hub in spec.hubs if combination.quantization in hub.quantizations],
        "locked": [[hub.hub, locked.commit, locked.files.get(combination.quantization)]
                   for hub in spec.hubs if weights == "real" for locked in hub.locked
                   if combination.quantization in locked.files],
    })


def _without_date(draft: Draft) -> Draft:
    """A draft model, less the day on which its hub was asked."""
    return msgspec.structs.replace(draft, locked=[
        msgspec.structs.replace(each, checked="") for each in draft.locked])


def facts_fingerprint(combination: Combination, provider: str = "") -> str:
    """Changes when those of the engine's facts change that decide how the combination is run.

    Facts about other formats, architectures and providers, texts for readers, and refusals, which
    say whether but not how it is run, leave it alone.

    Args:
        combination: Which.
        provider: The one that was tried; empty where none was. Then the fingerprint stands on
            all of them, and on the verdict, which is all that such a record can tell.
    """
    engine, spec = combination.engine, combination.spec
    known = {name: engine.architectures[name] for name in combination.family.architectures
             if name in engine.architectures}
    verdict = combination.verdict
    return _fingerprint({
        "loads": [rule for rule in engine.loads if rule.format == spec.format],
        "architectures": known, "served": [engine.served_name, engine.served_name_fixed],
        "providers": [[p.name, p.requirements, p.environment] for p in engine.providers
                      if provider in ("", p.name)],
        "verdict": None if provider else [verdict.supported, verdict.code, verdict.reason],
    })


def is_fresh(record: Record, combination: Combination) -> bool:
    """Whether what the record stands on is still what the combination is."""
    return (record.spec == spec_fingerprint(combination, record.weights)
            and record.facts == facts_fingerprint(combination, record.engine.provider))


def _fingerprint(value: object) -> str:
    data = msgspec.json.encode(value, order="sorted")
    return "sha256:" + hashlib.sha256(data).hexdigest()


def append(path: Path, record: Record) -> None:
    """Add a record to a file of records, whole, whoever else is adding to it.

    Raises:
        OSError: The file cannot be written.
    """
    line = msgspec.json.encode(record, order="sorted") + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        _lock(descriptor)
        size = os.lseek(descriptor, 0, os.SEEK_END)
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # what a killed writer left unfinished stays a line of its own
        try:
            while line:  # a disk that is nearly full takes a part before it refuses the rest
                line = line[os.write(descriptor, line):]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def read(path: Path) -> Iterator[Record]:
    """The records in a file, oldest first; lines that are none are passed over.

    Raises:
        UserError: There is something of that name that cannot be read.
    """
    decoder = msgspec.json.Decoder(Record)
    try:
        with open(path, "rb", opener=regular) as stream:
            data = stream.read()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, str(error.strerror or error)) from None
    for line in data.splitlines():
        try:
            record = decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            continue
        if record.format == FORMAT and record.format_version == FORMAT_VERSION:
            yield record


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"cannot read the records in {path}: {why}", code="records-unreadable",
                     hint="put a file of records there, or remove it")
