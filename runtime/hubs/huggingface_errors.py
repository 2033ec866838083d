"""What Hugging Face's client raises, worded for whoever asked for a model."""

from __future__ import annotations

import re
from typing import Any

from runtime.errors import UserError
from runtime.hubs.answers import TooSlowError
from runtime.hubs.causes import causes, one_line, untrusted
from runtime.hubs.pauses import TooLongError, rate_limited, retry_after, withheld_token
from runtime.storage import cannot_store

#: What the hub's tokens look like.
_TOKENS = r"hf_\w+"


def explain(error: BaseException, repo_id: str, revision: str | None, path: str | None, *,
            endpoint: str, withheld: bool) -> tuple[UserError | None, float | None]:
    """The error as a user needs it, and the wait that the hub asked for; None for a bug.

    Args:
        error: What the client raised.
        repo_id: The repository.
        revision: The revision asked for.
        path: The file, if it was about one.
        endpoint: Who was asked.
        withheld: The user has a token that was not sent there.
    """
    import httpx2
    from huggingface_hub import errors

    where = f"{repo_id} on Hugging Face"
    at = f" at revision {revision}" if revision else ""
    chain = list(causes(error))
    page = f"{endpoint}/{repo_id}"
    what = f"the file {path!r} of {where}" if path else where
    short = f"{path} of {repo_id}" if path else repo_id
    login = withheld_token(endpoint) if withheld else (
        "log in with `hf auth login`, or set HF_TOKEN to a token that may read it")

    def first(*kinds: type[BaseException]) -> Any:
        return next((e for e in chain if isinstance(e, kinds)), None)

    for own in chain:
        if isinstance(own, UserError):
            return own, None
    if pause := first(TooLongError):
        if pause.status != 429:
            return _fails(what, pause.status, str(pause)), pause.seconds
        return _rate_limit(what, str(pause)), pause.seconds
    if first(errors.OfflineModeIsEnabled):
        return UserError(f"{where} cannot be asked: HF_HUB_OFFLINE is set", code="offline",
                         hint="unset HF_HUB_OFFLINE to download"), None
    if first(errors.GatedRepoError):
        return UserError(f"{where} is gated", code="gated",
                         why="its authors let only people in who accepted their terms",
                         hint=f"ask for access on {page}\nthen {login}"), None
    if first(errors.RevisionNotFoundError):
        return UserError(f"{where} has no revision {revision!r}", code="revision-missing",
                         hint=f"see {page}/commits/main, and correct the revision"), None
    if first(errors.RemoteEntryNotFoundError):
        return UserError(f"{where} has no file {path!r}{at}", code="file-missing",
                         hint=f"see {page}/tree/{revision or 'main'}"), None
    if first(errors.RepositoryNotFoundError):
        return UserError(f"there is no {where}, or it is private", code="repo-missing",
                         hint=f"check the repository id; for a private one {login}"
                         ), None
    if reply := first(errors.HfHubHTTPError):
        return _explain_status(reply.response, what, login)
    if certificate := untrusted(error, "Hugging Face", endpoint, "SSL_CERT_FILE"):
        return certificate, None
    if first(httpx2.TimeoutException, TooSlowError):
        return UserError(f"Hugging Face does not answer in time for {short}", code="hub-timeout",
                         hint="check the network; HF_HUB_DOWNLOAD_TIMEOUT sets the seconds"), None
    if broken := first(httpx2.RequestError):
        return UserError(f"Hugging Face cannot be reached for {short}", code="hub-unreachable",
                         why=one_line(broken, _TOKENS),
                         hint="check the network, the proxy and HF_ENDPOINT"), None
    if (system := first(OSError)) and not first(errors.LocalEntryNotFoundError):
        return _explain_system(system, where, path), None
    if bad := first(ValueError, RuntimeError, LookupError, TypeError, AttributeError):
        # Bad names and replies; RuntimeError is what the client's Xet part fails with.
        return UserError(f"Hugging Face's client cannot fetch {what}", code="hub-error",
                         why=f"{type(bad).__name__}: {one_line(bad, _TOKENS)}",
                         hint="check HF_ENDPOINT; HF_HUB_DISABLE_XET=1 leaves its Xet protocol "
                              "out" if path else f"{endpoint} answers with no listing: see whether "
                              "a login page of this network or a proxy answers in its place, and "
                              "check HF_ENDPOINT"), None
    return None, None


def _explain_status(response: Any, what: str, login: str) -> tuple[UserError, float | None]:
    status = response.status_code if response is not None else 0
    if status == 429:
        return _rate_limit(what, "it keeps answering 429"), retry_after(response.headers)
    if status in (401, 403):
        return UserError(f"Hugging Face does not permit {what}", code="not-permitted",
                         why=f"it answers {status}", hint=login), None
    if status >= 500:
        return _fails(what, status), retry_after(response.headers)
    return UserError(f"Hugging Face answers {status} for {what}", code="hub-refused",
                     hint="check the repository id, the revision and HF_ENDPOINT"), None


def _explain_system(error: OSError, where: str, path: str | None) -> UserError:
    if error.errno is None:  # the client's own consistency check
        found = re.search(r"but has size (\d+)", str(error))
        return UserError(f"{path} of {where} arrived with the wrong size", code="wrong-bytes",
                         why=f"{found[1]} bytes" if found else one_line(error, _TOKENS),
                         hint="try again")
    return cannot_store(f"{path} of {where}", error)


def _fails(what: str, status: int, why: str = "") -> UserError:
    return UserError(f"Hugging Face fails with {status} for {what}", code="hub-error", why=why,
                     hint="try again later; finished files are kept")


def _rate_limit(what: str, why: str) -> UserError:
    return rate_limited("Hugging Face", what, why, "`hf auth login`, or HF_TOKEN")
