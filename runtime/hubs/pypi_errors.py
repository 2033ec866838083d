"""What pip says when it cannot have a wheel, worded for whoever asked for a model."""

from __future__ import annotations

import re

from runtime.errors import UserError
from runtime.hubs.pauses import rate_limited

_CONFIG = "pip's configuration (`pip config list`)"
_STATUS = re.compile(r"(?:\b|too many )([45]\d\d)"
                     r"(?= (?:Client|Server) Error| error responses| while getting)")
_BROKEN = re.compile(r"NewConnectionError|ConnectTimeout|ProxyError|SSLError|MaxRetry"
                     r"|Failed to establish|[Tt]imed? ?out|Network is unreachable"
                     r"|Name or service not known|Connection (?:refused|reset|broken)")


def explain(requirement: str, said: str) -> UserError:
    """The error as a user needs it.

    Args:
        requirement: What pip was asked for.
        said: Its standard error, and which pages its log says that it could not fetch.
    """
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines()
             if line.startswith("ERROR: ")]
    why = redact(lines[0] if lines else said.strip()[-300:])
    if "No space left on device" in said:
        return UserError(f"the disk is full while fetching {requirement}", code="disk-full",
                         why=why, hint="free some space")
    if "DO NOT MATCH THE HASHES" in said:
        return UserError(f"the wheel of {requirement} arrived damaged", code="wrong-bytes",
                         why=redact(" ".join(re.findall(r"(?:Expected|Got) +.+", said))),
                         hint="check the network or the mirror, and try again")
    if re.search("CERTIFICATE_VERIFY_FAILED|confirming the ssl certificate", said):
        return UserError("the certificate of the package index is not trusted", code="certificate",
                         why=f"it was asked for {requirement}; its certificate was not issued by "
                             "an authority that this machine knows, or a proxy opens the "
                             "connection",
                         hint="set PIP_CERT to a file with the certificates of your mirror or "
                              "proxy")
    statuses = {int(status) for status in _STATUS.findall(said)}
    if refused := _refused(requirement, statuses):
        return refused
    if broken := _BROKEN.search(said):
        return UserError(f"the package index cannot be reached for {requirement}",
                         code="hub-unreachable", why=redact(broken.group()),
                         hint=f"check the network and {_CONFIG}")
    if "No matching distribution" in said or "Could not find a version" in said:
        return UserError(f"the package index has no wheel of {requirement}", code="repo-missing",
                         why=why, hint="check the name and the version, and which index pip uses "
                                       "(`pip config list`) and whether it can be reached")
    if 404 in statuses:
        return UserError(f"the package index lists a wheel of {requirement} that is not there",
                         code="file-missing", why=why,
                         hint=f"use another index or mirror: {_CONFIG}")
    return UserError(f"pip cannot find {requirement}", code="hub-error", why=why,
                     hint=f"check {_CONFIG}")


def _refused(requirement: str, statuses: set[int]) -> UserError | None:
    """The error for an index that answers, and does not say what it has."""
    if 429 in statuses:
        return limited(requirement, "it keeps answering 429")
    if closed := statuses & {401, 403, 407}:
        return UserError(f"the package index does not permit {requirement}", code="not-permitted",
                         why=f"it answers {min(closed)}",
                         hint=f"check the login in {_CONFIG} or in .netrc")
    if (failing := max(statuses, default=0)) >= 500:
        return UserError(f"the package index fails with {failing} for {requirement}",
                         code="hub-error", hint="try again later, or use another index")
    return None


def limited(requirement: str, why: str) -> UserError:
    """The error for an index that limits the rate of requests."""
    return rate_limited("the package index", requirement, why, "a login in pip's configuration")


def not_finished(requirement: str, seconds: int, log: str) -> UserError:
    """The error for a pip that was ended after so many seconds."""
    if re.search(r'HTTP/[0-9.]+" 429 ', log):
        return limited(requirement, f"pip did not get through to it within {seconds} s")
    return UserError(f"pip did not finish with {requirement} within {seconds} s",
                     code="hub-timeout", hint=f"check the network and {_CONFIG}")


def redact(text: str) -> str:
    """`text` without logins in URLs, on one line."""
    return re.sub(r"//[^/@\s]+@", "//****@", " ".join(text.split()))[:300]
