"""What ModelScope's client raises, worded for whoever asked for a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runtime.errors import UserError
from runtime.hubs.causes import causes, one_line, untrusted
from runtime.hubs.pauses import TooLongError, rate_limited
from runtime.storage import cannot_store

#: Codes of failures that may pass.
TRANSIENT = {"rate-limited", "hub-error", "hub-timeout", "hub-unreachable"}
#: What the hub's tokens and sessions look like.
_TOKENS = r"ms-[\w-]{8,}|m_session_id=\S+"


def explain(error: BaseException, repo_id: str, revision: str, path: str | None, *, page: str,
            info: Callable[[], Any], login: str) -> UserError | None:
    """The error as a user needs it; None for a bug.

    Args:
        error: What the client raised.
        repo_id: The repository.
        revision: The revision asked for.
        path: The file, if it was about one.
        page: Where people look at the repository.
        info: Asks what the hub says of the repository itself.
        login: What helps where it lets only some people in.
    """
    import requests
    from modelscope_hub import errors

    where = f"{repo_id} on ModelScope"
    what = f"the file {path!r} of {where}" if path else where
    short = f"{path} of {repo_id}" if path else repo_id
    for own in causes(error):
        if isinstance(own, UserError):
            return own
    if certificate := untrusted(error, "ModelScope", page.split("/models/")[0],
                                "REQUESTS_CA_BUNDLE"):
        return certificate
    if isinstance(error, errors.NotExistError):
        return _missing(where, revision, path, page, info, login)
    if isinstance(error, errors.PermissionDeniedError | errors.AuthenticationError):
        return _closed(where, what, page, info, error, login)
    if isinstance(error, errors.RateLimitError | TooLongError):
        why = str(error) if isinstance(error, TooLongError) else "it keeps answering 429"
        return rate_limited("ModelScope", what, why, "MODELSCOPE_API_TOKEN")
    if isinstance(error, errors.FileIntegrityError):
        found = re.search(r"announced (\d+) bytes", str(error))
        return UserError(f"{path} of {where} arrived damaged", code="wrong-bytes",
                         why=f"{found[1]} bytes" if found else one_line(error, _TOKENS),
                         hint="try again")
    if isinstance(error, errors.ServerError):
        status = getattr(error, "status_code", None)
        return UserError(f"ModelScope fails with {status or 'an error'} for {what}",
                         code="hub-error", hint="try again later; finished files are kept")
    if isinstance(error, errors.RequestTimeoutError | requests.Timeout) or _timed_out(error):
        return UserError(f"ModelScope does not answer in time for {short}", code="hub-timeout",
                         hint="check the network; MODELSCOPE_DOWNLOAD_TIMEOUT sets the seconds")
    if isinstance(error, errors.NetworkError | requests.RequestException):
        return UserError(f"ModelScope cannot be reached for {short}", code="hub-unreachable",
                         why=one_line(_below(error), _TOKENS),
                         hint="check the network, the proxy and MODELSCOPE_ENDPOINT")
    if isinstance(error, errors.APIError):
        return UserError(f"ModelScope answers {error.status_code} for {what}", code="hub-refused",
                         hint="check the repository id, the revision and MODELSCOPE_ENDPOINT")
    if isinstance(error, OSError):
        return cannot_store(f"{path} of {where}", error)
    if isinstance(error, ValueError | RuntimeError | LookupError | TypeError | AttributeError
                  | errors.HubError):
        return UserError(f"ModelScope's client cannot fetch {where}", code="hub-error",
                         why=one_line(error, _TOKENS),
                         hint="check MODELSCOPE_ENDPOINT; a login page of the network or a proxy "
                              "may answer in its place")
    return None


def _below(error: BaseException) -> BaseException:
    """What went wrong in the end, which the client may word in Chinese."""
    return [each for each in causes(error) if str(each)][-1]


def _timed_out(error: BaseException) -> bool:
    """Whether a network error that the client raises is, in the end, silence."""
    from urllib3.exceptions import ReadTimeoutError

    return any(isinstance(each, TimeoutError | ReadTimeoutError) for each in causes(error))


def _missing(where: str, revision: str, path: str | None, page: str, info: Callable[[], Any],
             login: str) -> UserError:
    if path is not None:
        return UserError(f"{where} has no file {path!r} at revision {revision}",
                         code="file-missing", hint=f"see {page}/files")
    if _asked(info) is not None:
        return UserError(f"{where} has no revision {revision!r}", code="revision-missing",
                         hint="correct the revision; the default branch there is master")
    return UserError(f"there is no {where}, or it is private", code="repo-missing",
                     hint=f"check the repository id; for a private one {login}")


def _closed(where: str, what: str, page: str, info: Callable[[], Any], error: BaseException,
            login: str) -> UserError:
    if getattr(_asked(info), "gated", None):
        return UserError(f"{where} is gated", code="gated",
                         why="its authors let only people in who accepted their terms",
                         hint=f"ask for access on {page}\nthen {login}")
    return UserError(f"ModelScope does not permit {what}", code="not-permitted",
                     why=f"it answers {getattr(error, 'status_code', 'no')}", hint=login)


def _asked(info: Callable[[], Any]) -> Any:
    try:
        return info()
    except Exception:  # it was only to word another error better
        return None
