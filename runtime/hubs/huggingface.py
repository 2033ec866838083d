"""Hugging Face, through its own client `huggingface_hub`.

The client checks sizes only and trusts what the endpoint says about paths and commits; so listings
are vetted and hashes checked by `runtime.fetch`, a commit must be 40 hex digits, and files go
straight into the target folder (`local_dir`) instead of the client's shared cache. What an ended
process left of a file is gone on with by `runtime.hubs.huggingface_resume`.

The user's token goes to huggingface.co alone. A custom endpoint (`HF_ENDPOINT`) gets it only where
`MODELBOOK_SEND_TOKEN=1` says that this host is trusted with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from runtime.errors import MisuseError, UserError
from runtime.hubs.answers import Bounds
from runtime.hubs.base import Advance, Notify, RemoteFile, Resolved, first_bytes
from runtime.hubs.causes import client_missing
from runtime.hubs.huggingface_errors import explain
from runtime.hubs.huggingface_resume import append, beginning, leftovers
from runtime.hubs.pauses import LONGEST_WAIT, Gate, TooLongError, retry_after

if TYPE_CHECKING:
    from types import ModuleType

NAME = "huggingface"
COPIES = 1

_OWN_ENDPOINT = "https://huggingface.co"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: How the client's log tells that it waits before it asks again.
_RETRYING = re.compile(r"Retrying in ([\d.]+)s")
_TIMEOUT = 20.0
_TRIES = 4
#: Seconds before the second try; each further pause is twice as long.
_FIRST_PAUSE = 0.5
_TRANSIENT = {"rate-limited", "hub-error", "hub-timeout", "hub-unreachable"}
#: Granularity of progress and of resuming within one process; the client's own is ten times that.
_CHUNK = 1 << 20

_Result = TypeVar("_Result")
_setup = threading.Lock()


def resolve(repo_id: str, revision: str | None, *, work: Path, notify: Notify) -> Resolved:
    """See `runtime.hubs.base.Hub.resolve`."""
    client = _client(notify)

    def ask() -> Any:
        api = client.HfApi(endpoint=_endpoint(), token=_token(), library_name="modelbook")
        return api.model_info(repo_id, revision=revision, files_metadata=True, timeout=_TIMEOUT)

    info = _patiently(ask, repo_id, revision, None, notify)
    commit = str(info.sha or "")
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"Hugging Face names no usable commit for {repo_id}", code="hub-error",
                        why=f"it says {commit[:60]!r}, which is not 40 hexadecimal digits",
                        hint="check HF_ENDPOINT")
    return Resolved(repo_id, revision, commit, tuple(map(_file, info.siblings or ())),
                    name=str(info.id) if info.id else None,
                    gated=_gated(info.gated), licence=_licence(info.card_data))


def _file(item: Any) -> RemoteFile:
    """A file as it is listed; what cannot be a size or a hash is none."""
    digest = str(item.lfs.sha256 if item.lfs else item.blob_id).lower()
    known = digest if _HEX.fullmatch(digest) else None
    return RemoteFile(path=str(item.rfilename),
                      size=item.size if isinstance(item.size, int) and item.size >= 0 else None,
                      sha256=known if item.lfs else None, git_sha1=None if item.lfs else known)


def _gated(stated: object) -> str | None:
    """`auto`, `manual`, or nothing where everybody may download."""
    return None if stated is None else stated if isinstance(stated, str) else ""


def _licence(card: Any) -> str | None:
    """The licence as the card states it; its own name where it is none of the hub's list."""
    stated, named = getattr(card, "license", None), getattr(card, "license_name", None)
    if isinstance(stated, list):
        stated = stated[0] if stated else None
    chosen = named if stated == "other" and isinstance(named, str) else stated
    return chosen[:100] if isinstance(chosen, str) else None


def read_range(resolved: Resolved, file: RemoteFile, start: int, end: int, *, work: Path,
               notify: Notify) -> bytes:
    """See `runtime.hubs.base.Hub.read_range`."""
    client = _client(notify)
    url = client.hf_hub_url(resolved.repo_id, file.path, revision=resolved.commit,
                            endpoint=_endpoint())
    headers = {**client.utils.build_hf_headers(token=_token(), library_name="modelbook"),
               "Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}

    def get() -> bytes:
        with client.get_session().stream("GET", url, headers=headers, follow_redirects=True,
                                         timeout=_TIMEOUT) as response:
            client.utils.hf_raise_for_status(response)
            if response.status_code != 206 and start:
                raise UserError(f"Hugging Face serves no parts of {file.path}", code="no-ranges")
            return first_bytes(response.iter_bytes(), end - start)

    return _patiently(get, resolved.repo_id, resolved.revision, file.path, notify)


def fetch(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
          advance: Advance, notify: Notify) -> None:
    """See `runtime.hubs.base.Hub.fetch`."""
    client = _client(notify)
    if again:
        for left in leftovers(target, file):
            left.unlink(missing_ok=True)
    elif (part := beginning(target, file)) and _go_on(client, resolved, file, part, advance,
                                                      notify):
        goal = target / file.path
        goal.parent.mkdir(parents=True, exist_ok=True)
        part.replace(goal)
        return

    def get() -> None:
        # The client would copy a file of its cache unchecked; `runtime.reuse` looks there itself.
        client.hf_hub_download(
            resolved.repo_id, file.path, revision=resolved.commit, local_dir=target,
            cache_dir=work / "no-cache", endpoint=_endpoint(), token=_token(),
            force_download=again, etag_timeout=_TIMEOUT, library_name="modelbook",
            tqdm_class=_bar(advance))

    # The client itself has tried a silent file five times.
    _patiently(get, resolved.repo_id, resolved.revision, file.path, notify,
               passing=_TRANSIENT - {"hub-timeout"})


def _go_on(client: ModuleType, resolved: Resolved, file: RemoteFile, part: Path, advance: Advance,
           notify: Notify) -> bool:
    """Fetch what an ended process left undone; False if it cannot be gone on with."""
    from huggingface_hub import constants

    url = client.hf_hub_url(resolved.repo_id, file.path, revision=resolved.commit,
                            endpoint=_endpoint())
    headers = client.utils.build_hf_headers(token=_token(), library_name="modelbook")
    counted = part.stat().st_size
    advance(counted)

    def count(size: int) -> None:
        nonlocal counted
        counted += size
        advance(size)

    @contextlib.contextmanager
    def stream_from(offset: int) -> Iterator[Any]:
        with client.get_session().stream(
                "GET", url, follow_redirects=True, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
                headers={**headers, "Range": f"bytes={offset}-",
                         "Accept-Encoding": "identity"}) as response:
            client.utils.hf_raise_for_status(response)
            yield response

    if _patiently(lambda: append(part, file, stream_from, count), resolved.repo_id,
                  resolved.revision, file.path, notify):
        return True
    advance(-counted)
    part.unlink()
    return False


def cached(resolved: Resolved, file: RemoteFile) -> Path | None:
    """See `runtime.hubs.base.Hub.cached`: the client keeps contents under their hashes."""
    digest = file.sha256 or file.git_sha1 or ""
    if not _HEX.fullmatch(digest):
        return None
    from huggingface_hub import constants, file_download

    folder = file_download.repo_folder_name(repo_id=resolved.repo_id, repo_type="model")
    return Path(constants.HF_HUB_CACHE) / folder / "blobs" / digest


def arriving(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path) -> Path | None:
    """See `runtime.hubs.base.Hub.arriving`: the client names it by the content's hash."""
    return next(iter(leftovers(target, file)), None)


def tidy(target: Path, work: Path, *, done: bool) -> None:
    """See `runtime.hubs.base.Hub.tidy`: of each file the largest part is kept, to go on with."""
    if done:
        shutil.rmtree(target / ".cache", ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)
        return
    kept = target / ".cache" / "huggingface"
    parts: dict[tuple[Path, str], list[Path]] = {}
    for part in kept.rglob("*.incomplete") if kept.is_dir() else ():
        # FILE.CONTENT.ATTEMPT.incomplete
        parts.setdefault((part.parent, part.name.rsplit(".", 2)[0]), []).append(part)
    for alike in parts.values():
        for orphan in sorted(alike, key=lambda part: part.stat().st_size)[:-1]:
            with contextlib.suppress(OSError):
                orphan.unlink()


def _client(notify: Notify) -> ModuleType:
    """The client, imported and set up.

    Raises:
        UserError: It is not installed.
    """
    try:
        import huggingface_hub
        from huggingface_hub import constants
    except ImportError:
        raise client_missing("Hugging Face", "huggingface_hub>=2.4") from None
    import logging

    class Waits(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := _RETRYING.match(record.getMessage()):
                notify(f"Hugging Face fails to serve a file; trying again in {found[1]} s")

    with _setup:
        logger = logging.getLogger("huggingface_hub")
        logger.handlers = [Waits(logging.WARNING)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        if hasattr(constants, "DOWNLOAD_CHUNK_SIZE"):
            constants.DOWNLOAD_CHUNK_SIZE = _CHUNK
        _install_gate(huggingface_hub, notify)
    return huggingface_hub


def _watch(response: Any, notify: Notify) -> None:
    """Take note of a pause that the hub asks for; an absurd one is refused."""
    status, wait = response.status_code, retry_after(response.headers)
    if status != 429 and (status < 500 or wait is None):
        return
    if wait is not None and wait > LONGEST_WAIT:
        raise TooLongError(wait, status)
    _gate.close_for(wait or 0.0)
    told = "limits the rate of requests" if status == 429 else f"fails with {status}"
    notify(f"Hugging Face {told}; waiting {f'{wait:.0f} s' if wait else 'a little'}")


def _bound(response: Any) -> None:
    """Let an answer that is no file end at some size and time."""
    if response.status_code < 400 and "/api/" not in response.request.url.path:
        return
    import httpx2

    class Bounded(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            bounds = Bounds("Hugging Face")
            for block in stream:
                bounds.add(len(block))
                yield block

        def close(self) -> None:
            stream.close()

    stream = response.stream
    response.stream = Bounded()


_gate = Gate()


def _install_gate(client: ModuleType, notify: Notify) -> None:
    session = client.get_session()

    def before(_request: Any) -> None:
        _gate.pass_through()

    def after(response: Any) -> None:
        _watch(response, notify)
        _bound(response)

    hooks = {kind: [hook for hook in session.event_hooks.get(kind, ())
                    if getattr(hook, "__module__", "") != __name__]
             for kind in ("request", "response")}
    session.event_hooks = {"request": [*hooks["request"], before],
                           "response": [*hooks["response"], after]}


def _endpoint() -> str:
    """The user's `HF_ENDPOINT`, or the hub itself.

    Raises:
        MisuseError: It is no address.
    """
    stated = (os.environ.get("HF_ENDPOINT") or _OWN_ENDPOINT).rstrip("/")
    parts = urlsplit(stated)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MisuseError(f"HF_ENDPOINT is no address: {stated!r}", code="endpoint",
                          hint=f"write it as {_OWN_ENDPOINT}, or unset it")
    return stated


def _token() -> bool | None:
    """None: the client's own token, if the user has one. False: none."""
    trusted = _endpoint() == _OWN_ENDPOINT or os.environ.get("MODELBOOK_SEND_TOKEN") == "1"
    return None if trusted else False


def _has_token() -> bool:
    import huggingface_hub

    return huggingface_hub.get_token() is not None


def _bar(advance: Advance) -> type:
    """A class with the little of tqdm that the client uses, which passes bytes on to `advance`."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Counting(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            more.pop("name", None)
            super().__init__(*args, **{**more, "disable": True})

        def update(self, n: float | None = 1) -> None:
            advance(int(n or 0))

    return Counting


def _patiently(call: Callable[[], _Result], repo_id: str, revision: str | None, path: str | None,
               notify: Notify, *, passing: Collection[str] = _TRANSIENT) -> _Result:
    """Run `call`, again after a wait when the failure may pass, and word what remains."""
    for attempt in range(_TRIES):
        try:
            return call()
        except UserError:
            raise
        except Exception as error:
            explained, wait = explain(error, repo_id, revision, path, endpoint=_endpoint(),
                                      withheld=_token() is False and _has_token())
            if explained is None:
                raise
            pause = _FIRST_PAUSE * 2**attempt if wait is None else wait
            if (explained.code not in passing or attempt == _TRIES - 1
                    or pause > LONGEST_WAIT):
                raise explained from None
        notify(f"{explained.message}; trying again in {pause:.1f} s")
        time.sleep(pause)
    raise AssertionError("unreachable")
