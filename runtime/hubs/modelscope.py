"""ModelScope, through its own light client `modelscope-hub`.

The client joins whatever paths a listing holds, takes an unknown revision for an empty repository,
and compares hashes case by case; so listings are vetted and hashes checked by `runtime.fetch`, an
empty listing is an error, and only single, vetted files are asked for.

The hub states no commit of a branch, but for each file the commit that last changed it. The newest
of these that lists the very same files is taken as the commit. Where there is none, revision and
hashes of all files stand for it (`master+` and 32 hex digits): files that change later are noticed.

The user's token goes to ModelScope alone. A custom endpoint (`MODELSCOPE_ENDPOINT`) gets it only
where `MODELBOOK_SEND_TOKEN=1` says that this host is trusted with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from runtime.errors import UserError
from runtime.hubs.answers import Bounds, TooSlowError
from runtime.hubs.base import Advance, Notify, RemoteFile, Resolved, first_bytes
from runtime.hubs.causes import client_missing
from runtime.hubs.modelscope_errors import TRANSIENT, explain
from runtime.hubs.pauses import LONGEST_WAIT, Gate, TooLongError, retry_after, withheld_token

if TYPE_CHECKING:
    from types import ModuleType

NAME = "modelscope"
COPIES = 1

_OWN_HOSTS = {"modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai"}
_DEFAULT = "master"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PINNED = re.compile(r"(?P<revision>.+)\+[0-9a-f]{32}")
#: Tries of one small read, and of everything where the hub asks for pauses. Other failures of
#: listings and files are tried again by the client itself.
_TRIES = 4
_FIRST_PAUSE = 0.5

_Result = TypeVar("_Result")
_setup = threading.Lock()
_gate = Gate()


class _EndError(BaseException):
    """Ends the client's work; not an `Exception`, so that none of its retries catches it."""

    def __init__(self, *, wait: float | None = None, error: UserError | None = None) -> None:
        self.wait = wait
        self.error = error


def resolve(repo_id: str, revision: str | None, *, work: Path, notify: Notify) -> Resolved:
    """See `runtime.hubs.base.Hub.resolve`."""
    # A client that has listed one repository takes a later refusal for a passing fault.
    api = _api(notify)
    pinned = _PINNED.fullmatch(revision or "")
    asked = pinned["revision"] if pinned else revision or _DEFAULT
    entries = _patiently(lambda: _list(api, repo_id, asked), api, repo_id, asked, None, notify)
    if not entries:
        raise _no_such_revision(api, repo_id, asked)
    files = tuple(sorted(map(_file, entries), key=lambda file: file.path))
    commit = _commit(api, repo_id, asked, entries, files)
    if pinned and revision not in (commit, f"{asked}+{_identity(files)}"):
        raise UserError(f"{repo_id} on ModelScope is no longer what {revision} was",
                        code="revision-moved",
                        why=f"{asked} holds other files now, and the hub names no commit of them",
                        hint="--refresh takes what it has now")
    info = _patiently(lambda: _info(api, repo_id), api, repo_id, asked, None, notify)
    licence = getattr(info, "license", None)
    return Resolved(repo_id, revision, str(revision) if pinned else commit, files, api,
                    name=_own_name(info), gated=_gated(info),
                    licence=licence[:100] if isinstance(licence, str) and licence else None)


def fetch(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
          advance: Advance, notify: Notify) -> None:
    """See `runtime.hubs.base.Hub.fetch`: the client resumes by bytes, also in a later process."""
    api: Any = resolved.handle
    if again:
        _refuse_moved(resolved, file)
    arrived = 0

    def count(size: int) -> None:
        nonlocal arrived
        arrived += size
        if file.size is not None and arrived > file.size + (1 << 20):
            raise _EndError(error=UserError(
                f"{file.path} of {resolved.repo_id} on ModelScope is longer than listed",
                code="wrong-bytes", why=f"more than {file.size} bytes", hint="try again"))
        advance(size)

    def get() -> Path:
        nonlocal arrived
        advance(-arrived)  # a second try counts what is there already once more
        arrived = furthest = 0
        while True:
            try:
                return Path(api.downloader.download_file(
                    resolved.repo_id, "model", file.path, revision=_revision(resolved),
                    cache_dir=work / "locks", local_dir=work / resolved.commit, force=again,
                    file_size=file.size, progress_callbacks=[_progress(count)]))
            except TimeoutError:
                # The client gives a file an hour at most; as long as it comes, it may take more.
                if arrived <= furthest:
                    raise
                furthest, arrived = arrived, 0
                advance(-furthest)  # it counts what is there already once more

    path = _patiently(get, api, resolved.repo_id, _asked(resolved), file.path, notify)
    goal = target / file.path
    goal.parent.mkdir(parents=True, exist_ok=True)
    path.replace(goal)


def read_range(resolved: Resolved, file: RemoteFile, start: int, end: int, *, work: Path,
               notify: Notify) -> bytes:
    """See `runtime.hubs.base.Hub.read_range`."""
    api: Any = resolved.handle

    def get() -> bytes:
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        with api.legacy.download_stream(resolved.repo_id, "model", file.path, _revision(resolved),
                                        headers=headers) as response:
            if response.status_code != 206 and start:
                raise UserError(f"ModelScope serves no parts of {file.path}", code="no-ranges")
            return first_bytes(response.iter_content(1 << 16), end - start)

    return _patiently(get, api, resolved.repo_id, _asked(resolved), file.path, notify,
                      passing=TRANSIENT)


def cached(resolved: Resolved, file: RemoteFile) -> Path | None:
    """See `runtime.hubs.base.Hub.cached`: where the client itself would look."""
    api: Any = resolved.handle if resolved.handle is not None else _api(lambda _: None)
    for revision in dict.fromkeys((_revision(resolved), _asked(resolved))):
        with contextlib.suppress(Exception):  # whatever is wrong with the cache, files can be had
            return Path(api.download_file(resolved.repo_id, "model", file.path, revision=revision,
                                          local_files_only=True))
    return None


def arriving(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path) -> Path | None:
    """See `runtime.hubs.base.Hub.arriving`."""
    return work / resolved.commit / f"{file.path}.incomplete"


def tidy(target: Path, work: Path, *, done: bool) -> None:
    """See `runtime.hubs.base.Hub.tidy`: partial files of this commit can be gone on with."""
    if done:
        shutil.rmtree(work, ignore_errors=True)
        return
    for folder in work.iterdir() if work.is_dir() else ():
        if folder.name != target.name:
            shutil.rmtree(folder, ignore_errors=True)


def _endpoint() -> str:
    """The user's `MODELSCOPE_ENDPOINT`, or the hub itself."""
    stated = (os.environ.get("MODELSCOPE_ENDPOINT") or "https://modelscope.cn").rstrip("/")
    return stated if "://" in stated else f"https://{stated}"


def _api(notify: Notify) -> Any:
    client = _client(notify)
    api = client.HubApi(endpoint=_endpoint(), token=None if _trusted() else "",
                        user_agent="modelbook")
    for part in (api.legacy, api.openapi):
        for name in ("_session", "_read_session"):
            if (session := getattr(part, name, None)) is not None:
                session.hooks["response"].append(_watch)
    return api


def _watch(response: Any, *_: object, **__: object) -> None:
    """Wait as long as the hub asks for, which the client does up to some seconds only."""
    if response.status_code == 429 and (wait := retry_after(response.headers)) is not None:
        response.close()
        raise _EndError(wait=wait)
    # The client reads so where urllib3 is recent; else by blocks, for a minute at most.
    if urlsplit(response.url).path.endswith("/repo/files") and hasattr(response.raw, "read1"):
        _bound(response.raw)


def _bound(raw: Any) -> None:
    """Let a listing end at some size and time."""
    bounds, read = Bounds("ModelScope"), raw.read1

    def bounded(*args: Any, **more: Any) -> bytes:
        data: bytes = read(*args, **more)
        try:
            bounds.add(len(data))
        except TooSlowError:
            raise TimeoutError from None
        except UserError as error:
            raise _EndError(error=error) from None
        return data

    raw.read1 = bounded


def _client(notify: Notify) -> ModuleType:
    """The client, imported and silenced.

    Raises:
        UserError: It is not installed.
    """
    try:
        import modelscope_hub
        from modelscope_hub import _download
    except ImportError:
        raise client_missing("ModelScope", "modelscope-hub>=0.5.1,<0.6") from None
    import logging

    from tqdm import tqdm  # type: ignore[import-untyped]

    class Waits(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "retry" in (text := record.getMessage()):
                notify(f"ModelScope: {text.splitlines()[0][:200]}")

    with _setup:
        logger = logging.getLogger("modelscope_hub")
        logger.handlers = [Waits(logging.WARNING)]
        logger.propagate = False
        if hasattr(_download, "tqdm"):  # it draws bars of its own, whatever is asked for
            _download.tqdm = partial(tqdm, disable=True)
    return modelscope_hub


def _trusted() -> bool:
    """Whether the endpoint may see the user's token."""
    parts = urlsplit(_endpoint())
    own = parts.scheme == "https" and parts.hostname in _OWN_HOSTS and parts.port in (None, 443)
    return own or os.environ.get("MODELBOOK_SEND_TOKEN") == "1"


def _login() -> str:
    """What helps where the hub refuses: one's token, unless there is one that it is not given."""
    from modelscope_hub.config import HubConfig

    if not _trusted() and HubConfig().token:
        return withheld_token(_endpoint())
    return ("log in with `modelscope login`, or set MODELSCOPE_API_TOKEN to a token that may read "
            "it")


def _list(api: Any, repo_id: str, revision: str) -> list[dict[str, Any]]:
    """The files, as the hub describes them: the client's own type leaves out their commits."""
    found = api.legacy.list_repo_files(repo_id, "model", revision=revision)
    return [entry for entry in found if isinstance(entry, dict) and entry.get("Type") != "tree"]


def _file(entry: dict[str, Any]) -> RemoteFile:
    size, digest = entry.get("Size"), str(entry.get("Sha256") or "").lower()
    return RemoteFile(path=str(entry.get("Path") or ""),
                      size=size if isinstance(size, int) and size >= 0 else None,
                      sha256=digest if _SHA256.fullmatch(digest) else None)


def _commit(api: Any, repo_id: str, asked: str, entries: list[dict[str, Any]],
            files: tuple[RemoteFile, ...]) -> str:
    """The commit that the files are of, or what stands for it."""
    if _COMMIT.fullmatch(asked):
        return asked
    dated = sorted(((_date(entry), str(entry.get("Revision") or "")) for entry in entries),
                   reverse=True)
    newest = {commit for date, commit in dated if date == dated[0][0]}
    if len(newest) == 1 and _COMMIT.fullmatch(commit := newest.pop()):
        with contextlib.suppress(Exception):  # then the files themselves stand for it
            there = _list(api, repo_id, commit)
            if tuple(sorted(map(_file, there), key=lambda file: file.path)) == files:
                return commit
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", asked)
    if safe != asked:
        raise UserError(f"{repo_id} on ModelScope names no commit of the revision {asked!r}",
                        code="hub-error", hint="name a commit, a tag or master as `revision`")
    return f"{asked}+{_identity(files)}"


def _date(entry: dict[str, Any]) -> int:
    date = entry.get("CommittedDate")
    return date if isinstance(date, int) else 0


def _identity(files: tuple[RemoteFile, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.size}\0{file.sha256}\n".encode())
    return digest.hexdigest()[:32]


def _revision(resolved: Resolved) -> str:
    """What a file is asked for by: the commit, where the hub knows one."""
    return resolved.commit if _COMMIT.fullmatch(resolved.commit) else _asked(resolved)


def _asked(resolved: Resolved) -> str:
    pinned = _PINNED.fullmatch(resolved.commit)
    return pinned["revision"] if pinned else resolved.revision or _DEFAULT


def _refuse_moved(resolved: Resolved, file: RemoteFile) -> None:
    """Tell a branch that moved meanwhile from a damaged download."""
    if _COMMIT.fullmatch(resolved.commit):
        return
    api: Any = resolved.handle
    with _worded(api, resolved.repo_id, _asked(resolved)):
        now = {known.path: known for known in map(_file, _list(api, resolved.repo_id,
                                                               _asked(resolved)))}
    if now.get(file.path) != file:
        raise UserError(f"{_asked(resolved)} of {resolved.repo_id} on ModelScope moved during the "
                        "download", code="revision-moved",
                        why=f"it lists another {file.path} now",
                        hint="try again; what did not change is not fetched again")


def _info(api: Any, repo_id: str) -> Any:
    from modelscope_hub import errors

    try:
        return api.get_repo(repo_id, "model")
    except (errors.NotExistError, errors.PermissionDeniedError, errors.AuthenticationError):
        return None  # a mirror without this part; the files can be had all the same


def _own_name(info: Any) -> str | None:
    name = getattr(info, "id", None)
    return name if isinstance(name, str) and "/" in name else None


def _gated(info: Any) -> str | None:
    stated = getattr(info, "gated", None)
    return None if stated is None else "manual" if stated else ""


def _no_such_revision(api: Any, repo_id: str, revision: str) -> UserError:
    """The hub answers an unknown revision with an empty listing."""
    known: list[str] = []
    with contextlib.suppress(Exception):  # it only helps the reader
        for found in api.list_repo_revisions(repo_id, "model"):
            known.append(str(found.get("Revision") or found.get("name") or ""))
    if revision in known:
        return UserError(f"{repo_id} on ModelScope has no files", code="files-missing",
                         hint="check the repository id")
    return UserError(f"{repo_id} on ModelScope has no revision {revision!r}",
                     code="revision-missing",
                     why=f"it has {', '.join(filter(None, known[:8]))}" if any(known) else "",
                     hint="correct the revision; the default branch there is master")


def _progress(count: Callable[[int], None]) -> type:
    """A class as the client wants one, which passes bytes on."""
    class Counting:
        def __init__(self, filename: str, file_size: int) -> None:
            """Nothing is kept."""

        def update(self, size: int) -> None:
            count(size)

        def end(self) -> None:
            """Nothing: it ends however the download ended."""

    return Counting


@contextlib.contextmanager
def _worded(api: Any, repo_id: str, revision: str, path: str | None = None) -> Iterator[None]:
    """Word what the client raises for the user."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        explained = explain(error, repo_id, revision, path, page=f"{_endpoint()}/models/{repo_id}",
                            info=lambda: _info(api, repo_id), login=_login())
        if explained is None:
            raise
        raise explained from None


def _patiently(call: Callable[[], _Result], api: Any, repo_id: str, asked: str, path: str | None,
               notify: Notify, *, passing: Collection[str] = ()) -> _Result:
    """Run `call`, again after a pause when the hub asks for one or the failure is `passing`."""
    for attempt in range(_TRIES):
        _gate.pass_through()
        last = attempt == _TRIES - 1
        try:
            with _worded(api, repo_id, asked, path):
                return call()
        except _EndError as end:
            if end.error is not None:
                raise end.error from None
            pause = end.wait or 0.0
            if last or pause > LONGEST_WAIT:
                with _worded(api, repo_id, asked, path):
                    raise TooLongError(pause) from None
            _gate.close_for(pause)
            notify(f"ModelScope limits the rate of requests; waiting {pause:.0f} s")
        except UserError as error:
            if error.code not in passing or last:
                raise
            pause = _FIRST_PAUSE * 2**attempt
            notify(f"{error.message}; trying again in {pause:.1f} s")
            time.sleep(pause)
    raise AssertionError("unreachable")
