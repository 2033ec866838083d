"""Weights that are on this machine already: `--model-path` and the local hub. Nothing is copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from runtime import files, gguf, home, safetensors
from runtime.combination import Combination, hubs_with
from runtime.engines.base import LocalModel
from runtime.errors import MisuseError, UserError
from runtime.hubs import local
from runtime.hubs.base import Notify
from runtime.layout import missing_shards

_PART = re.compile(r"^(?P<stem>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.gguf$")


class LocalFile(msgspec.Struct, frozen=True):
    """One file of a model.

    Attributes:
        path: Relative to the model's folder.
        size: Bytes.
        digest: `sha256:…` or `git-sha1:…` as verified, or `size` where nothing more is known.
    """

    path: str
    size: int
    digest: str


class Located(msgspec.Struct, frozen=True):
    """A combination's files on this machine.

    Attributes:
        model: What an engine is given.
        hub: Where they came from: a hub's name, `local` or `path`.
        repo_id: The repository; the path itself for `path`.
        revision: The revision that the spec names.
        commit: The commit or version that the files are of; empty if unknown.
        files: The files, in loading order for file formats.
        draft: The draft model that goes with it, where one does.
    """

    model: LocalModel
    hub: str
    repo_id: str
    revision: str | None
    commit: str
    files: tuple[LocalFile, ...]
    draft: Located | None = None

    @property
    def path(self) -> Path:
        """What the engine is given: the first weight file, or the folder."""
        return self.model.path

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files) + (self.draft.size if self.draft else 0)

    def with_draft(self, draft: Located | None) -> Located:
        """The same, with a draft model beside it."""
        if draft is None:
            return self
        return replace(self, draft=draft, model=replace(self.model, draft=draft.model.path))


def use_path(combination: Combination, path: Path) -> Located:
    """Use a file or folder that the user names.

    For formats laid out as files it may be the file, the first part of a split model, or a folder
    that holds exactly one model; for folder formats it is the folder.

    Raises:
        UserError: It is missing, of the wrong kind, incomplete or damaged.
    """
    path = path.expanduser().absolute()
    if not path.exists():
        raise MisuseError(f"there is nothing at {path}", code="model-missing",
                          hint="correct --model-path, or leave it out to download")
    if not path.is_file() and not path.is_dir():
        raise MisuseError(f"{path} is neither a file nor a folder", code="model-path-kind",
                          hint="correct --model-path, or leave it out to download")
    if combination.layout == "file":
        weights = _gguf_files(path)
        folder = weights[0].parent
    else:
        if not path.is_dir():
            raise MisuseError(f"{path} is a file; {combination.spec.format} needs a folder",
                              code="model-path-kind", hint="name the folder that holds config.json")
        weights, folder = (), path
        _check_folder(path)
    model = LocalModel(folder=folder, model_format=combination.spec.format,
                       layout=combination.layout, weights=tuple(weights))
    return checked(Located(model=model, hub="path", repo_id=str(path), revision=None, commit="",
                           files=_facts(folder, weights)))


def from_local_hub(combination: Combination, root: Path | None) -> Located:
    """Use a folder laid out as `<root>/<repo_id>/…` or `<root>/<hub>/<repo_id>/…`, in place.

    Raises:
        UserError: No root is named, the repository is not there, or it is incomplete or damaged.
    """
    root = local.root_of(root)
    tried: list[Path] = []
    for hub in hubs_with(combination.spec, combination.quantization):
        repo = files.repo_id(hub, combination.quantization)
        for folder in local.places(root, hub.hub, repo):
            if folder in tried:
                continue
            tried.append(folder)
            if folder.is_dir():
                return _in_folder(combination, folder, repo, root, combination.weights_on(hub))
    raise UserError(f"the local hub {root} does not have {combination.repo_id}",
                    code="not-on-hub", why=f"looked for {', '.join(map(str, tried))}",
                    hint="put the repository's files there, or use another --hub")


def held(combination: Combination, located: Located, notify: Notify) -> Located:
    """The same, once its files are those that the spec pins or the catalogue locked.

    Only a spec that names the local hub itself says something of the files there; `--hub local`
    puts other files in the place of a hub's, such as a twin's.

    Raises:
        UserError: They are others.
    """
    folder, locked = located.model.folder, combination.locked
    if combination.hub.hub != local.NAME or combination.hub_name != local.NAME:
        return located
    if locked is None:
        if combination.hub.revision is None:
            return located
        found = local.at(folder, located.repo_id, combination.hub.revision, notify=notify)
        return replace(located, commit=found.commit)
    wanted = {file.path: file for file in locked.files.get(combination.quantization, [])}
    known = local.digests(folder, wanted, notify=notify)
    for path, file in wanted.items():
        expected, digest = f"sha256:{file.sha256}", known[path].digest
        if digest != expected:
            raise UserError(
                f"{path} of {located.repo_id} in the local hub is not the file that was locked",
                code="stale-lock", why=f"the catalogue expects {expected} and {file.size} bytes; "
                                       f"{folder / path} is {digest}, {known[path].size} bytes",
                hint="put the locked file back; if this one is right, whoever keeps the catalogue: "
                     f"run `compiler lock {combination.family.name}` and build it again\n"
                     "to use what is there now: --refresh",
                details={"file": path, "expected": expected, "found": digest})
    return replace(located, commit=locked.commit, files=tuple(
        LocalFile(path, one.size, one.digest) for path, one in known.items()))


def _in_folder(combination: Combination, folder: Path, repo: str, root: Path,
               expected: list[str] | None) -> Located:
    if expected is None:
        _check_folder(folder)
        weights: tuple[Path, ...] = ()
    else:
        missing = [path for path in expected if not (folder / path).is_file()]
        if missing:
            near = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.gguf"))[:4]
            raise UserError(f"{len(expected) - len(missing)} of {len(expected)} expected files are "
                            f"in {folder}; missing: {', '.join(missing)}", code="files-missing",
                            why=f"it has {', '.join(near)}" if near else "it has no .gguf file",
                            details={"missing": missing})
        weights = tuple(folder / path for path in expected)
    projector = folder / combination.projector if combination.projector else None
    if projector is not None and not (weights and projector.is_file()):
        projector = None  # it is of use only beside a .gguf file, and not needed for text
    model = LocalModel(folder=folder, model_format=combination.spec.format,
                       layout=combination.layout, weights=weights, projector=projector,
                       original=_original(combination, [root], ""))
    return checked(Located(model=model, hub="local", repo_id=repo,
                           revision=combination.hub.revision, commit="",
                           files=_facts(folder, weights)))


def expected(combination: Combination) -> LocalModel:
    """Where a hub's files will be.

    A commit that only the hub knows stands as `COMMIT`, a file that nobody names as `FILE`.
    """
    hub = combination.hub
    folder = (home.repository_folder(combination.hub_name, combination.repo_id)
              / (hub.revision or "COMMIT"))
    try:
        names = combination.expected_files or []
    except UserError as error:
        if error.code != "file-unnamed":
            raise
        names = ["FILE"]
    return model_in(combination, folder, names)


def model_in(combination: Combination, folder: Path, names: Sequence[str]) -> LocalModel:
    """The model in a folder, of files in loading order, its projector among them if it has one."""
    weights = tuple(folder / name for name in names if name != combination.projector)
    name = combination.projector
    projector = folder / name if name is not None and name in names else None
    return LocalModel(folder=folder, model_format=combination.spec.format,
                      layout=combination.layout, weights=weights, projector=projector,
                      original=_original(combination, [home.models_folder()], "*"))


def _original(combination: Combination, roots: Sequence[Path], revision: str) -> Path | None:
    """The folder of the unquantized model's configuration and tokenizer; None where it is not here.

    Args:
        combination: Of a quantization.
        roots: Folders that hold repositories, by hub or not.
        revision: Pattern of what lies between a repository's folder and its files; may be empty.
    """
    if combination.layout != "file":
        return None
    for root in roots:
        for hub, repo in combination.original_repos:
            if files.unsafe_path_reason(repo):
                continue
            for folder in (root / hub / repo, root / repo):
                for config in sorted(folder.glob(f"{revision}/config.json".lstrip("/"))):
                    if any(config.parent.glob("tokenizer*")):
                        return config.parent
    return None


def checked(located: Located) -> Located:
    """The same, after a cheap look into the files: no engine is started on a truncated one.

    Raises:
        UserError: A file is truncated or damaged, or a part of a split model is missing.
    """
    if located.model.layout == "file":
        headers = [gguf.read_header(path) for path in located.model.weights
                   if path.suffix == ".gguf"]
        if headers and headers[0].parts > len(headers):
            raise UserError(f"{located.path} is part 1 of {headers[0].parts}, but only "
                            f"{len(headers)} are there", code="files-missing",
                            hint="put all parts into one folder under their original names")
    else:
        for path in sorted(located.model.folder.glob("*.safetensors")):
            safetensors.check(path)
    return located


def _gguf_files(path: Path) -> tuple[Path, ...]:
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        first = [p for p in found if not (m := _PART.match(p.name)) or int(m["index"]) == 1]
        first = [p for p in first if not p.name.startswith("mmproj")]
        if len(first) != 1:
            what = f"{len(first)} GGUF models: {', '.join(p.name for p in first[:6])}"
            raise MisuseError(f"{path} holds {what if first else 'no GGUF model'}",
                              code="model-path-kind", hint="name the .gguf file itself")
        path = first[0]
    if not (match := _PART.match(path.name)):
        return (path,)
    names = [f"{match['stem']}-{index:05}-of-{match['count']}.gguf"
             for index in range(1, min(int(match["count"]), 10_000) + 1)]
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        raise UserError(f"{path.parent} lacks the part {', '.join(missing[:4])}",
                        code="files-missing", why=f"{path.name} is one of {len(names)} parts",
                        hint="put all parts into one folder under their original names",
                        details={"missing": missing})
    return tuple(path.parent / name for name in names)


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder} has no config.json", code="files-missing",
                        why="engines read the architecture from it",
                        hint="name the folder that holds config.json and the weights")
    names = [path.name for path in folder.iterdir()]
    if missing := missing_shards(name for name in names if name.endswith(".safetensors")):
        raise UserError(f"{folder} lacks {', '.join(missing[:4])}", code="files-missing",
                        details={"missing": missing})


def _facts(folder: Path, weights: tuple[Path, ...]) -> tuple[LocalFile, ...]:
    paths = weights or tuple(sorted(p for p in folder.iterdir()
                                    if p.is_file() and not p.name.startswith(".")))
    return tuple(LocalFile(path.relative_to(folder).as_posix(), path.stat().st_size, "size")
                 for path in paths)
