"""Builds a family's twin: checkpoints first, then every quantization that is made from them."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from runtime import files, home, naming
from runtime.combination import hubs_with
from runtime.errors import MisuseError, UserError
from runtime.lock import folder_lock
from runtime.manifest import Family, Spec
from runtime.probe import PROMPT, QUESTION
from runtime.twin import record, tokens, tools, work
from runtime.twin.recipe import NoRecipe, Recipe, recipe
from runtime.twin.record import Missing, Twin, TwinBuild, TwinFile

#: What a twin is taught to say to the question that `verify` asks.
ANSWER = "The capital of France is Paris."
_THOUGHT = "The user asks for the capital of a country."
#: Tokens that a twin can hold at most; the family's own length would fill a small machine.
_CONTEXT = 8192
_WORK = ".work"

Report = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True):
    """One quantization that is to be built.

    Attributes:
        key: See `TwinBuild.key`.
        repo_id: Its folder under the twin's.
        paths: Files of the weights in it, in loading order; None for a folder format.
        architecture: The model's class.
        recipe: How it is made; None where nothing makes it.
        reason: Why nothing does.
        fingerprint: Of all that it is made from.
    """

    key: str
    repo_id: str
    paths: list[str] | None
    architecture: str
    recipe: Recipe | None
    reason: str = ""
    fingerprint: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one quantization: `built`, `kept` from before, or `missing`."""

    key: str
    state: str
    size: int = 0
    reason: str = ""
    approximation: str = ""


class Job(msgspec.Struct):
    """A family's twin while it is built.

    Attributes:
        family: The family.
        root: The twin's folder.
        seed: Of the weights.
        report: Told how far it is.
        builds: What stands, by key.
        missing: What could not be made: key → reason.
    """

    family: Family
    root: Path
    seed: int
    report: Report
    builds: dict[str, TwinBuild] = {}
    missing: dict[str, str] = {}

    @property
    def work(self) -> Path:
        """The folder of what is not kept."""
        return self.root / _WORK

    def save(self) -> None:
        """Write the record as it stands."""
        record.write(self.root, Twin(
            format=record.FORMAT, format_version=record.FORMAT_VERSION, family=self.family.name,
            seed=self.seed, answer=ANSWER, builds=list(self.builds.values()),
            missing=[Missing(key=key, reason=reason) for key, reason in self.missing.items()]))


def default_folder(family: Family) -> Path:
    """Where a family's twin is kept unless a folder is named."""
    return home.data_home() / "twins" / family.name


def wanted(family: Family, seed: int, *, model_format: str | None = None,
           quantization: str | None = None, size: str | None = None) -> list[Wanted]:
    """What a family's twin consists of, restricted to what the arguments name, in page order.

    Raises:
        MisuseError: Nothing of the family fits them.
        UserError: A name in the family's spec is not safe as a path.
    """
    found = [
        _wanted(family, spec, name, seed)
        for spec in family.specs
        if model_format is None or spec.format.casefold() == model_format.casefold()
        if size is None or spec.size_in_billions == naming.normalize_size(size)
        for name in spec.quantizations
        if quantization is None or name.casefold() == quantization.casefold()
    ]
    if not found:
        raise MisuseError(f"{family.name} has no such format, size and quantization",
                          code="nothing-selected",
                          hint=f"`runtime show {family.name}` lists what it has")
    return found


def _wanted(family: Family, spec: Spec, quantization: str, seed: int) -> Wanted:
    size = spec.size_in_billions + (f"~{spec.variant}" if spec.variant else "")
    key = f"{size}/{spec.format}/{quantization}"
    hub = next(iter(hubs_with(spec, quantization)), spec.hubs[0])
    repo = files.repo_id(hub, quantization)
    if reason := files.unsafe_path_reason(repo):
        raise UserError(f"the repository id {repo!r} is not safe: {reason}", code="unsafe-path")
    paths = files.expected_files(hub, quantization)
    architecture = _architecture(family, spec)
    try:
        how = recipe(spec.format, quantization)
    except NoRecipe as error:
        return Wanted(key, repo, paths, architecture, None, str(error))
    if spec.trust_remote_code and not architecture:
        return Wanted(key, repo, paths, architecture, None, "the family names no architecture")
    return Wanted(key, repo, paths, architecture, how,
                  fingerprint=_fingerprint(family, architecture, seed, repo, paths, how))


def _architecture(family: Family, spec: Spec) -> str:
    """The family's class for this spec: one for experts where only some parameters are active."""
    if len(family.architectures) < 2:
        return next(iter(family.architectures), "")
    experts = [name for name in family.architectures if re.search(r"Moe|MoE|Mixtral", name)]
    plain = [name for name in family.architectures if name not in experts]
    return ((experts if spec.activated_size_in_billions else plain) or family.architectures)[0]


def _fingerprint(family: Family, architecture: str, seed: int, repo: str,
                 paths: list[str] | None, how: Recipe) -> str:
    scripts = {path.name: record.sha256(path) for path in sorted(work.BUILDERS.glob("*.py"))
               if path.name.startswith("twin_") or path.stem in ("build_checkpoint", how.builder)}
    value = [architecture, seed, repo, paths, how.builder, how.settings, scripts,
             _shared(family, seed), tools.requirements("transformers", ()),
             tools.requirements(how.tool, _additions(how))]
    data = msgspec.json.encode(value, order="sorted")
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _additions(how: Recipe) -> tuple[str, ...]:
    return ("ggufv2",) if how.builder == "build_gguf" else ()


def _shared(family: Family, seed: int) -> dict[str, Any]:
    """What every checkpoint of the family is told."""
    answer = ANSWER
    if around := tokens.reasoning_marks(family):
        answer = f"{around[0]}{_THOUGHT}{around[1]}{ANSWER}"
    return {
        "seed": seed, "context_length": min(family.context_length, _CONTEXT),
        "chat_template": family.chat_template, "visible": tokens.marks(family),
        "lessons": [{"question": QUESTION, "answer": answer},
                    {"prompt": PROMPT, "answer": f" {ANSWER.rsplit(maxsplit=1)[-1]}"}],
    }


def build(family: Family, chosen: Sequence[Wanted], root: Path, *, seed: int,
          report: Report) -> Iterator[Outcome]:
    """Build what is not there yet, one quantization after the other.

    What is finished is kept and recorded at once, so that an interrupted building goes on where it
    was.

    Raises:
        UserError: The folder belongs to something else, or a tool cannot be installed.
    """
    home.ensure_folder(root)
    with folder_lock(root / ".lock", doing=f"building the twin of {family.name}", limit=3600.0,
                     notify=report):
        job = _open(family, root, seed, report)
        todo = []
        for each in chosen:
            job.missing.pop(each.key, None)
            before = job.builds.get(each.key)
            if before and before.fingerprint == each.fingerprint and before.complete(root):
                yield _outcome(before, "kept")
            elif each.recipe is None:
                yield _lack(job, each, each.reason)
            else:
                job.builds.pop(each.key, None)
                todo.append(each)
        job.save()
        for architecture in dict.fromkeys(each.architecture for each in todo):
            yield from _of_one_architecture(
                job, architecture, [each for each in todo if each.architecture == architecture])
        shutil.rmtree(job.work, ignore_errors=True)


def _open(family: Family, root: Path, seed: int, report: Report) -> Job:
    found = record.read(root)
    if found is None and any(path.name not in (".lock", _WORK) for path in root.iterdir()):
        raise MisuseError(f"{root} holds something else", code="twin-folder",
                          hint="name an empty folder, or the one of an earlier twin")
    if found is not None and found.family != family.name:
        raise MisuseError(f"{root} is the twin of {found.family}", code="twin-folder",
                          hint="name another folder with --out")
    job = Job(family, root, seed, report)
    if found is not None and found.seed == seed:
        job.builds = {each.key: each for each in found.builds}
        job.missing = {each.key: each.reason for each in found.missing}
    return job


def _of_one_architecture(job: Job, architecture: str, todo: list[Wanted]) -> Iterator[Outcome]:
    folder = home.ensure_folder(job.work / (architecture or "none"))
    checkpoint, facts = _checkpoint(job, architecture, folder, todo[0].fingerprint)
    if not facts.get("made"):
        for each in todo:
            yield _lack(job, each, str(facts.get("reason", "")))
        return
    for builder in ("", "build_gptq", "build_mlx", "build_gguf"):
        group = [each for each in todo if each.recipe and each.recipe.builder == builder]
        if not group:
            continue
        if not builder:
            for each in group:
                yield _copy(job, each, checkpoint, facts)
            continue
        yield from _with_tool(job, builder, group, checkpoint, facts, folder)


def _checkpoint(job: Job, architecture: str, folder: Path, stamp: str,
                ) -> tuple[Path, dict[str, Any]]:
    """The unquantized model that all else is made from; one that stands from before is used."""
    target = folder / "checkpoint"
    state = folder / f"{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.json"
    if state.exists():
        return target, {**msgspec.json.decode(state.read_bytes()), "made": True}
    shutil.rmtree(folder)
    folder.mkdir()
    job.report(f"{architecture}: making a tiny model and teaching it")
    python = tools.interpreter("transformers", (), job.report)
    item = {"id": "checkpoint", "architecture": architecture, "folder": str(target)}
    shared = _shared(job.family, job.seed)
    [(_, facts)] = work.run(python, "build_checkpoint", shared, [item], folder)
    if facts.get("made"):
        said = "" if facts["taught"] else f"; untaught: {facts.get('untaught', 'it did not learn')}"
        job.report(f"{architecture}: {facts['parameters']:,} parameters, "
                   f"{facts['steps']} steps{said}")
        state.write_bytes(msgspec.json.encode(facts))
    return target, facts


def _with_tool(job: Job, builder: str, group: list[Wanted], checkpoint: Path,
               facts: dict[str, Any], folder: Path) -> Iterator[Outcome]:
    how = group[0].recipe
    if how is None:
        raise ValueError("what has no recipe is not built")
    job.report(f"{builder.removeprefix('build_')}: {len(group)} quantizations")
    try:
        python = tools.interpreter(how.tool, _additions(how), job.report)
    except UserError as error:
        for each in group:
            yield _lack(job, each, f"{error.message}: {error.why}" if error.why else error.message)
        return
    place = home.ensure_folder(folder / builder)
    by_id = {str(index): each for index, each in enumerate(group)}
    items = []
    for key, each in by_id.items():
        target = place / f"item-{key}"
        shutil.rmtree(target, ignore_errors=True)
        items.append({"id": key, "folder": str(target), "parts": len(each.paths or ()) or 1,
                      **(each.recipe.settings if each.recipe else {})})
    shared = _shared(job.family, job.seed)
    texts = [value for lesson in shared["lessons"] for value in (" ".join(lesson.values()),)]
    told = {"seed": job.seed, "checkpoint": str(checkpoint), "texts": texts,
            "folder": str(place), "name": f"{job.family.name} twin",
            "architecture": group[0].architecture}
    for item, result in work.run(python, builder, told, items, place):
        each = by_id[item["id"]]
        if not result.get("made"):
            yield _lack(job, each, str(result.get("reason", "")))
            continue
        yield _place(job, each, Path(item["folder"]), result, facts)


def _copy(job: Job, each: Wanted, checkpoint: Path, facts: dict[str, Any]) -> Outcome:
    fresh = checkpoint.with_name("copy")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(checkpoint, fresh)
    return _place(job, each, fresh, {}, facts)


def _place(job: Job, each: Wanted, made: Path, result: dict[str, Any], facts: dict[str, Any],
           ) -> Outcome:
    """Move what was built to where a hub would have it, and record it."""
    repo = job.root.joinpath(*each.repo_id.split("/"))
    if each.paths is None:
        shutil.rmtree(repo, ignore_errors=True)
        repo.parent.mkdir(parents=True, exist_ok=True)
        made.rename(repo)
        paths = sorted(path.relative_to(repo).as_posix() for path in repo.rglob("*")
                       if path.is_file())
    else:
        paths = each.paths
        for source, path in zip(result["files"], paths, strict=True):
            target = repo.joinpath(*path.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(source).replace(target)
    done = TwinBuild(
        key=each.key, repo_id=each.repo_id, architecture=each.architecture,
        fingerprint=each.fingerprint, taught=bool(facts.get("taught")),
        tools={**facts.get("tools", {}), **result.get("tools", {})},
        approximation=each.recipe.approximation if each.recipe else "",
        notes=[*facts.get("notes", ()), *result.get("notes", ())],
        files=[_fact(repo, path) for path in paths])
    job.builds[each.key] = done
    job.save()
    return _outcome(done, "built")


def _fact(repo: Path, path: str) -> TwinFile:
    target = repo / path
    return TwinFile(path=path, size=target.stat().st_size, sha256=record.sha256(target))


def _lack(job: Job, each: Wanted, reason: str) -> Outcome:
    reason = reason.replace(str(job.root), "<twin>")
    job.builds.pop(each.key, None)
    job.missing[each.key] = reason
    job.save()
    return Outcome(each.key, "missing", reason=reason)


def _outcome(done: TwinBuild, state: str) -> Outcome:
    return Outcome(done.key, state, sum(file.size for file in done.files),
                   approximation=done.approximation)
