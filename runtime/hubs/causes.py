"""What an error of a client is about, below all that its libraries wrap around it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator

from runtime.errors import UserError


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it, the nearest first."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        # Some libraries hand the cause on as an argument.
        todo += [each.__cause__ or each.__context__,
                 *(item for item in each.args if isinstance(item, BaseException)),
                 reason if isinstance(reason := getattr(each, "reason", None), BaseException)
                 else None]


def untrusted(error: BaseException, hub: str, endpoint: str, variable: str) -> UserError | None:
    """The error for a certificate that is not trusted; None where it is about something else."""
    for each in causes(error):
        if isinstance(each, ssl.SSLCertVerificationError) or (
                "CERTIFICATE_VERIFY_FAILED" in str(each)):
            return UserError(
                f"the certificate of {endpoint or hub} is not trusted", code="certificate",
                why="it was not issued by an authority that this machine knows, or a proxy opens "
                    "the connection",
                hint=f"set {variable} to a file with the certificates of your mirror or proxy")
    return None


def one_line(error: BaseException, tokens: str) -> str:
    """The error's text, short and without a token.

    A token is never part of these texts; should a client change that, it must not show.

    Args:
        error: The error.
        tokens: Pattern of what the hub's tokens look like.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(rf"{tokens}|(?i:bearer) \S+", "********", text)[:200]


def client_missing(hub: str, requirement: str) -> UserError:
    """The error for a hub whose client is not installed."""
    return UserError(f"downloading from {hub} needs its client", code="client-missing",
                     hint=f"pip install '{requirement}'")
