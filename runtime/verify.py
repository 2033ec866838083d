"""Trying combinations for real, level by level; each outcome becomes a record."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from runtime import __version__, drafting, home, launch, ports
from runtime.abilities import PROBED, SHOWN_BY_CHAT, show
from runtime.admission import Admission
from runtime.combination import Combination
from runtime.engines.environments import program_version
from runtime.errors import UserError
from runtime.fetch import Options, ensure, preview
from runtime.hubcheck import ask
from runtime.launch import Prepared, Server
from runtime.local import LocalFile, Located
from runtime.machine import Machine
from runtime.probe import PROMPT, QUESTION, Answer, ProbeError
from runtime.progress import Reporter
from runtime.readiness import LaunchError
from runtime.records import (
    FORMAT,
    FORMAT_VERSION,
    Evidence,
    Record,
    UsedEngine,
    UsedFile,
    UsedSource,
    UsedTwin,
    facts_fingerprint,
    spec_fingerprint,
)
from runtime.request import Request
from runtime.side_by_side import Named, Watch, side_by_side
from runtime.twin.record import Twin, TwinBuild, key_of
from runtime.twin.tokens import reasoning_marks

#: Tokens for an answer; a model that reasons first gets the larger number on a second try.
_TOKENS, _MORE_TOKENS = 64, 512
_EXCERPT = 240
#: Bytes of memory that a byte of weights takes, with what is computed from it.
_BESIDE_WEIGHTS = 1.2
#: Errors that say something about this machine or what is on it, not about the combination.
_SKIPS = {"engine-missing", "engine-incomplete", "engine-unsupported", "engine-unknown",
          "remote-code", "hub-unavailable", "unsupported-option", "provider-refused"}
_ENVIRONMENT = {"port-in-use", "host", "folder-not-writable", "locked", "disk-full",
                "offline", "hub-unreachable", "hub-timeout", "rate-limited", "certificate",
                "engine-broken"}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """How to verify.

    Attributes:
        level: Level to reach.
        request: How to serve.
        files: Where the files come from.
        download: Download what is not here; else such combinations are skipped.
        who: Who runs it.
        manifest_digest: Digest of the manifest that the combinations come from.
        answer_timeout: Seconds for one answer, once it is up; None: as many as for the start.
        twin: What the files are, where they are a twin's; `files` names its folder then.
    """

    level: str
    request: Request
    files: Options
    download: bool
    who: str
    manifest_digest: str
    answer_timeout: float | None = None
    twin: Twin | None = None

    @property
    def patience(self) -> float:
        """Seconds for one answer."""
        return self.request.timeout if self.answer_timeout is None else self.answer_timeout

    @property
    def weights(self) -> str:
        """`real` or `twin`."""
        return "twin" if self.twin else "real"

    def build(self, combination: Combination) -> TwinBuild | None:
        """The twin's build of a combination."""
        return self.twin.build(key_of(combination)) if self.twin else None


class _Finding(msgspec.Struct, frozen=True):
    """What became of one combination, before it is put into a record."""

    level: str
    outcome: str
    reason: str = ""
    engine: UsedEngine | None = None
    source: UsedSource | None = None
    evidence: Evidence | None = None


Task = tuple[Combination, Job]


def verify(tasks: Sequence[Task], reporter: Reporter, *, workers: int = 1,
           ) -> Generator[Record]:
    """Verify combinations; nothing of one runs any more when its record is yielded.

    Args:
        tasks: Combinations, each with how to verify it.
        reporter: Told how far it is.
        workers: How many may be verified at once, as long as there is memory for them. Records come
            as they are made then.
    """
    watch = Watch(Admission())
    # All tasks of a run are served alike.
    named = next((job.request.gpus for _, job in tasks), None)
    machine = Machine.here().kind(named or os.environ.get("CUDA_VISIBLE_DEVICES"))
    if workers > 1:
        def work(task: Task) -> Record:
            return _record(*task, Named(reporter, task[0].id), watch, machine)

        yield from side_by_side(tasks, work, watch, workers)
        return
    for number, (combination, job) in enumerate(tasks, start=1):
        reporter.notify(f"verifying {combination.id} ({number} of {len(tasks)})")
        yield _record(combination, job, reporter, watch, machine)


def _record(combination: Combination, job: Job, reporter: Reporter, watch: Watch,
            machine: dict[str, object]) -> Record:
    if job.twin:  # which has no draft model
        combination = replace(drafting.without(combination), hub_name="local")
    finding = _try(combination, job, reporter, watch)
    engine = finding.engine or UsedEngine(name=combination.engine.name)
    return Record(
        format=FORMAT, format_version=FORMAT_VERSION, combination=combination.id,
        wanted=job.level, level=finding.level, outcome=finding.outcome,
        reason=_private(finding.reason, job),
        engine=engine, weights=job.weights, machine=machine,
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), who=job.who,
        modelbook=__version__, manifest=job.manifest_digest,
        spec=spec_fingerprint(combination, job.weights),
        facts=facts_fingerprint(combination, engine.provider),
        temperature=0, source=finding.source, evidence=finding.evidence,
        tensor_parallel_size=job.request.tensor_parallel_size or 1,
        twin=_used_twin(job, combination))


def _used_twin(job: Job, combination: Combination) -> UsedTwin | None:
    if job.twin is None:
        return None
    build = job.build(combination)
    return UsedTwin(seed=job.twin.seed, approximation=build.approximation if build else "",
                    taught=bool(build and build.taught))


def _try(combination: Combination, job: Job, reporter: Reporter, watch: Watch) -> _Finding:
    if not combination.verdict.supported and not job.request.force:
        return _Finding("", "failed", f"{combination.verdict.code}: {combination.verdict.reason}")
    if job.level == "hub":  # what a hub has does not depend on the engine's being here
        return _hub(combination, job, reporter)
    try:
        prepared = launch.prepare(combination, job.request)
    except UserError as error:
        return _refused("", error)
    engine = UsedEngine(name=combination.engine.name, provider=prepared.installation.provider,
                        version=prepared.installation.version
                        or program_version(prepared.installation))
    if job.level == "plan":
        return _Finding("plan", "passed", engine=engine)
    if job.twin and job.build(combination) is None:
        return _Finding("plan", "skipped", f"the twin lacks it: {job.twin.lacks(combination)}",
                        engine=engine)
    try:
        found = preview(combination, job.files)
        # Whether a local folder still holds what was locked is seen only when its files are hashed.
        folder = found is not None and found.hub == "local" and job.twin is None
        if (found is None and job.download) or folder:
            found = ensure(combination, job.files, reporter)
    except UserError as error:
        return replace(_refused("plan", error), engine=engine)
    if found is None:
        return _Finding("plan", "skipped", "its files are not on this machine", engine=engine)
    if not job.request.force and (changed := _changed(combination, job)):
        return _Finding("plan", "failed", changed, engine=engine)
    return replace(_run(prepared, found, job, reporter, watch), engine=engine,
                   source=_source(found))


def _changed(combination: Combination, job: Job) -> str:
    """What is wrong with a twin whose files are no longer those that were built."""
    build, root = job.build(combination), job.files.hub_root
    if build is None or root is None or build.complete(root):
        return ""
    return (f"{build.repo_id} is not what was built; `runtime twin {combination.family.name}` "
            "builds it again")


def _hub(combination: Combination, job: Job, reporter: Reporter) -> _Finding:
    in_place = combination.hub_name == "local" and combination.hub.hub != "local"
    if in_place or job.files.model_path is not None:
        return _Finding("plan", "skipped", "no hub was asked: the files are named by the user")
    try:
        return _Finding("hub", "passed", source=_source(ask(combination, job.files, reporter)))
    except UserError as error:
        return _refused("plan", error)


def _run(prepared: Prepared, found: Located, job: Job, reporter: Reporter, watch: Watch,
         ) -> _Finding:
    try:
        with (watch.admission.room(
                  _memory(prepared, found), gpu=_on_gpu(prepared), tick=watch.tick,
                  waiting=lambda: reporter.notify("waiting until there is memory for it")),
              ports.reserve(prepared.request.host, prepared.request.port) as port,
              launch.start(prepared, found.model, port, report=reporter.notify,
                           tick=watch.tick) as server,
              watch.running(server.process)):
            seconds = round(server.seconds, 2)
            if job.level == "load":
                return _Finding("load", "passed", evidence=Evidence(seconds_to_ready=seconds))
            finding = _chat(server, seconds, job)
            if job.level == "abilities" and finding.outcome == "passed":
                return _abilities(server, finding, job)
            return finding
    except LaunchError as error:
        reached = "load" if error.code == "engine-no-answer" else "plan"
        key = _private(error.key.line, job) if error.key else ""
        return _Finding(reached, error.outcome, _sentence(error),
                        evidence=Evidence(key_line=key))
    except UserError as error:
        return _refused("plan", error)


def _memory(prepared: Prepared, found: Located) -> int:
    """Bytes of memory that the engine will take, roughly."""
    return int(found.size * _BESIDE_WEIGHTS) + prepared.engine.MEMORY


def _on_gpu(prepared: Prepared) -> bool:
    here = set(Machine.here().accelerators) - {"cpu"}
    return bool(here & set(prepared.provider.accelerators))


def _chat(server: Server, seconds: float, job: Job) -> _Finding:
    """Ask the standard question and judge the answer."""
    chat = server.answer.via == "chat"
    timeout = job.patience
    try:
        answer = server.client.ask(chat=chat, max_tokens=_TOKENS, timeout=timeout)
        if not answer.text.strip() and answer.finish_reason == "length":
            answer = server.client.ask(chat=chat, max_tokens=_MORE_TOKENS, timeout=timeout)
    except ProbeError as error:
        return _Finding("load", "failed", f"it does not answer: {error}",
                        evidence=Evidence(seconds_to_ready=seconds))
    evidence = _evidence(answer, seconds)
    if job.twin:
        return _judge_twin(job.twin, server.prepared.combination, job, answer, evidence)
    if answer.fault:
        return _Finding("load", "failed", f"garbage: {answer.fault}", evidence=evidence)
    return _Finding("chat", "passed", evidence=evidence)


def _judge_twin(twin: Twin, combination: Combination, job: Job, answer: Answer,
                evidence: Evidence) -> _Finding:
    """A twin that was taught a sentence has to say it, and no more; another's words tell nothing.

    Kernels that are slightly wrong have a twin say it twice, or between scraps of it.
    """
    build = job.build(combination)
    if build is None or not build.taught:
        return _Finding("chat", "passed", evidence=evidence)
    said = answer.text.strip() or answer.reasoning.strip()
    if marks := reasoning_marks(combination.family):  # some engines leave the reasoning in the text
        said = said.rpartition(marks[1])[2].strip()
    if said == twin.answer:
        return _Finding("chat", "passed", evidence=evidence)
    return _Finding("load", "failed", "garbage: it does not say what the twin was taught",
                    evidence=evidence)


def _abilities(server: Server, finding: _Finding, job: Job) -> _Finding:
    """Have the claimed abilities shown; random weights show none, whatever the engine can do."""
    family = server.prepared.combination.family
    if job.weights == "twin":
        return replace(finding, outcome="skipped",
                       reason="a twin's random weights show no ability; the command line and its "
                              "parsers were accepted")
    shown: dict[str, str] = {}
    unprobed = []
    for ability in family.abilities:
        if ability in PROBED:
            why = show(server.client, ability, timeout=job.patience,
                       tags=(family.reasoning_start_tag, family.reasoning_end_tag))
            shown[ability] = why or "shown"
        elif ability not in SHOWN_BY_CHAT:
            unprobed.append(ability)
    evidence = replace(finding.evidence or Evidence(), abilities=shown)
    failed = [f"{name}: {why}" for name, why in shown.items() if why != "shown"]
    if failed:
        return replace(finding, outcome="failed", reason="; ".join(failed), evidence=evidence)
    if unprobed:
        return replace(finding, outcome="skipped", evidence=evidence,
                       reason=f"there is no request yet that shows {', '.join(unprobed)}")
    return replace(finding, level="abilities", evidence=evidence)


def _evidence(answer: Answer, seconds: float) -> Evidence:
    return Evidence(
        question=QUESTION if answer.via == "chat" else PROMPT, answer=_excerpt(answer.text),
        reasoning=_excerpt(answer.reasoning), via=answer.via, finish_reason=answer.finish_reason,
        seconds_to_ready=seconds)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT - 1] + "…"


def _source(found: Located) -> UsedSource:
    return UsedSource(
        hub=found.hub, repo_id="" if found.hub == "path" else found.repo_id, commit=found.commit,
        files=[UsedFile(path=file.path, size=file.size, sha256=_digest(found, file))
               for file in found.files],
        draft=_source(found.draft) if found.draft else None)


def _digest(found: Located, file: LocalFile) -> str:
    """The file's SHA-256; empty where only the hub has it and gives another hash."""
    if file.digest.startswith("sha256:"):
        return file.digest.removeprefix("sha256:")
    path = found.model.folder / file.path
    return _sha256(path) if path.is_file() else ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(level: str, error: UserError) -> _Finding:
    outcome = ("skipped" if error.code in _SKIPS
               else "environment" if error.code in _ENVIRONMENT else "failed")
    return _Finding(level, outcome, _sentence(error))


def _sentence(error: UserError) -> str:
    return f"{error.message}: {error.why}" if error.why else error.message


def _private(text: str, job: Job) -> str:
    """`text` without the folders that would tell who ran it."""
    stated = os.environ.get("MODELBOOK_LOCAL_HUB")
    for folder, name in ((job.files.hub_root, "$TWIN" if job.twin else "$HUB_ROOT"),
                         (Path(stated).absolute() if stated else None, "$MODELBOOK_LOCAL_HUB"),
                         (job.files.model_path, "$MODEL"), (home.data_home(), "$MODELBOOK_HOME"),
                         (Path.home(), "~")):
        if folder is not None and len(str(folder)) > 1:
            text = text.replace(str(folder), name)
    return text


def succeeded(records: Iterable[Record]) -> bool:
    """Whether something was tried and nothing that was tried went wrong."""
    outcomes = [record.outcome for record in records]
    return "passed" in outcomes and not {"failed", "environment"} & set(outcomes)


def who_runs() -> str:
    """`ci` on a build machine, else `contributor`."""
    return "ci" if os.environ.get("CI", "").lower() not in ("", "0", "false") else "contributor"
