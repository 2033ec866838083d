"""Hugging Face, through its own client `huggingface_hub`.

The client checks sizes only and trusts what the endpoint says about paths and commits; so listings
are vetted and hashes checked by `runtime.fetch`, a commit must be 40 hex digits, and files go
straight into the target folder (`local_dir`) instead of the client's shared cache.

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
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.errors import UserError
from runtime.hubs.base import Advance, Notify, RemoteFile, Resolved
from runtime.hubs.causes import causes, untrusted
from runtime.hubs.pauses import LONGEST_WAIT, Gate, rate_limited, retry_after, too_long

if TYPE_CHECKING:
    from types import ModuleType

NAME = "huggingface"
COPIES = 1

_OWN_ENDPOINT = "https://huggingface.co"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
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
    return Resolved(repo_id, revision, commit, tuple(
        RemoteFile(path=str(item.rfilename), size=item.size,
                   sha256=item.lfs.sha256.lower() if item.lfs else None,
                   git_sha1=None if item.lfs else item.blob_id)
        for item in info.siblings or ()), name=str(info.id) if info.id else None,
        gated=_gated(info.gated), licence=_licence(info.card_data))


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
            data = bytearray()
            for block in response.iter_bytes():  # one that ignores the range is not read to its end
                data += block
                if len(data) >= end - start:
                    break
            return bytes(data[:end - start])

    return _patiently(get, resolved.repo_id, resolved.revision, file.path, notify)


def fetch(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
          advance: Advance, notify: Notify) -> None:
    """See `runtime.hubs.base.Hub.fetch`."""
    client = _client(notify)

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
    folder = (target / ".cache" / "huggingface" / "download" / file.path).parent
    return next(folder.glob(f"*.{file.sha256}*.incomplete"), None)


def endpoint() -> str:
    """See `runtime.hubs.base.Hub.endpoint`."""
    return _endpoint()


def tidy(target: Path, work: Path, *, done: bool) -> None:
    """See `runtime.hubs.base.Hub.tidy`: the client never resumes a file after its process ended."""
    kept = target / ".cache" / "huggingface"
    if done:
        shutil.rmtree(target / ".cache", ignore_errors=True)
        return
    for orphan in kept.rglob("*.incomplete") if kept.is_dir() else ():
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
        from huggingface_hub.utils import logging
    except ImportError:
        raise UserError("downloading from Hugging Face needs its client", code="client-missing",
                        hint="pip install 'modelbook[huggingface]'") from None
    with _setup:
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        if hasattr(constants, "DOWNLOAD_CHUNK_SIZE"):
            constants.DOWNLOAD_CHUNK_SIZE = _CHUNK
        _install_gate(huggingface_hub, notify)
    return huggingface_hub


def _watch(response: Any, notify: Notify) -> None:
    """Take note of a pause that the hub asks for; an absurd one is refused."""
    if response.status_code != 429:
        return
    wait = retry_after(response.headers)
    if wait is not None and wait > LONGEST_WAIT:
        raise _rate_limited(too_long(wait))
    _gate.close_for(wait or 0.0)
    notify("Hugging Face limits the rate of requests; waiting"
           + (f" {wait:.0f} s" if wait else " a little"))


_gate = Gate()


def _install_gate(client: ModuleType, notify: Notify) -> None:
    session = client.get_session()

    def before(_request: Any) -> None:
        _gate.pass_through()

    def after(response: Any) -> None:
        _watch(response, notify)

    hooks = {kind: [hook for hook in session.event_hooks.get(kind, ())
                    if getattr(hook, "__module__", "") != __name__]
             for kind in ("request", "response")}
    session.event_hooks = {"request": [*hooks["request"], before],
                           "response": [*hooks["response"], after]}


def _endpoint() -> str:
    """The user's `HF_ENDPOINT`, or the hub itself."""
    return (os.environ.get("HF_ENDPOINT") or _OWN_ENDPOINT).rstrip("/")


def _token() -> bool | None:
    """None: the client's own token, if the user has one. False: none."""
    trusted = _endpoint() == _OWN_ENDPOINT or os.environ.get("MODELBOOK_SEND_TOKEN") == "1"
    return None if trusted else False


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
            explained, wait = _explain(error, repo_id, revision, path)
            if explained is None:
                raise
            if explained.code not in passing or attempt == _TRIES - 1:
                raise explained from None
        pause = min(wait, LONGEST_WAIT) if wait is not None else _FIRST_PAUSE * 2**attempt
        notify(f"{explained.message}; trying again in {pause:.1f} s")
        time.sleep(pause)
    raise AssertionError("unreachable")


def _explain(error: BaseException, repo_id: str, revision: str | None, path: str | None,
             ) -> tuple[UserError | None, float | None]:
    """The error as a user needs it, and the wait that the hub asked for; None for a bug."""
    import httpx2
    from huggingface_hub import errors

    where = f"{repo_id} on Hugging Face"
    at = f" at revision {revision}" if revision else ""
    chain = list(causes(error))
    page = f"{_endpoint()}/{repo_id}"

    def first(*kinds: type[BaseException]) -> Any:
        return next((e for e in chain if isinstance(e, kinds)), None)

    for own in chain:
        if isinstance(own, UserError):
            return own, None
    if first(errors.OfflineModeIsEnabled):
        return UserError(f"{where} cannot be asked: HF_HUB_OFFLINE is set", code="offline",
                         hint="unset HF_HUB_OFFLINE to download"), None
    if first(errors.GatedRepoError):
        return UserError(f"{where} is gated", code="gated",
                         why="its authors let only people in who accepted their terms",
                         hint=f"ask for access on {page}\nthen log in with `hf auth login`, "
                              "or set HF_TOKEN to a token that may read it"), None
    if first(errors.RevisionNotFoundError):
        return UserError(f"{where} has no revision {revision!r}", code="revision-missing",
                         hint=f"see {page}/commits/main, and correct `revision` in the YAML"), None
    if first(errors.RemoteEntryNotFoundError):
        return UserError(f"{where} has no file {path!r}{at}", code="file-missing",
                         hint=f"see {page}/tree/{revision or 'main'}"), None
    if first(errors.RepositoryNotFoundError):
        return UserError(f"there is no {where}, or it is private", code="repo-missing",
                         hint="check the repository id in the YAML; for a private one log in with "
                              "`hf auth login`, or set HF_TOKEN"), None
    if reply := first(errors.HfHubHTTPError):
        return _explain_status(reply.response, where, path)
    if certificate := untrusted(error, "Hugging Face", _endpoint(), "SSL_CERT_FILE"):
        return certificate, None
    if first(httpx2.TimeoutException):
        return UserError(f"Hugging Face does not answer in time for {repo_id}", code="hub-timeout",
                         hint="check the network; HF_HUB_DOWNLOAD_TIMEOUT sets the seconds"), None
    if broken := first(httpx2.TransportError):
        return UserError(f"Hugging Face cannot be reached for {repo_id}", code="hub-unreachable",
                         why=_one_line(broken),
                         hint="check the network, the proxy and HF_ENDPOINT; files that you have "
                              "can be used with --model-path"), None
    if (system := first(OSError)) and not first(errors.LocalEntryNotFoundError):
        return _explain_system(system, where, path), None
    if bad := first(ValueError, RuntimeError):
        # Bad names and replies; RuntimeError is what the client's Xet part fails with.
        return UserError(f"Hugging Face's client cannot fetch {where}", code="hub-error",
                         why=_one_line(bad),
                         hint="HF_HUB_DISABLE_XET=1 leaves its Xet protocol out"), None
    return None, None


def _explain_status(response: Any, where: str, path: str | None) -> tuple[UserError, float | None]:
    status = response.status_code if response is not None else 0
    what = f"the file {path!r} of {where}" if path else where
    if status == 429:
        wait = retry_after(response.headers)
        if wait is not None and wait > LONGEST_WAIT:
            return _rate_limited(too_long(wait)), None
        return _rate_limited(f"it kept refusing {what}"), wait
    if status in (401, 403):
        return UserError(f"Hugging Face does not permit {what}", code="not-permitted",
                         why=f"it answers {status}",
                         hint="log in with `hf auth login`, or set HF_TOKEN to a token that may "
                              "read it"), None
    if status >= 500:
        return UserError(f"Hugging Face fails with {status} for {what}", code="hub-error",
                         hint="try again later; finished files are kept"), None
    return UserError(f"Hugging Face answers {status} for {what}", code="hub-refused",
                     hint="check the repository id, the revision and HF_ENDPOINT"), None


def _explain_system(error: OSError, where: str, path: str | None) -> UserError:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full while fetching {path} of {where}", code="disk-full",
                         hint="free space, or set MODELBOOK_HOME to a larger disk; finished files "
                              "are kept")
    if error.errno is None:  # the client's own consistency check
        return UserError(f"{path} of {where} arrived with the wrong size", code="wrong-bytes",
                         why=_one_line(error), hint="try again")
    return UserError(f"cannot store {path} of {where}: {error.strerror}", code="cannot-store",
                     hint="set MODELBOOK_HOME to a folder that you can write to")


def _rate_limited(why: str) -> UserError:
    return rate_limited("Hugging Face", why, "`hf auth login`, or HF_TOKEN")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    # A token is never part of these texts; should a client change that, it must not show.
    text = re.sub(r"hf_\w+|(?i:bearer) \S+", "********", text)
    return text[:200]
