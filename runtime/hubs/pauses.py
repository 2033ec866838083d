"""Pauses that hubs ask for (`Retry-After`), kept by every thread of this process."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping

from runtime.errors import UserError

#: Longest wait, in seconds, that a hub may ask for before it is reported instead of waited out.
LONGEST_WAIT = 120.0


class TooLongError(Exception):
    """A hub asks for a pause that is too long to be waited out."""

    def __init__(self, seconds: float, status: int = 429) -> None:
        super().__init__(f"it asks for a wait of {seconds:.0f} s")
        self.seconds = seconds
        self.status = status


class Gate:
    """Holds back requests to one hub while it asks for a pause.

    Clients honour `Retry-After` on some requests only, and each of their threads by itself.
    """

    def __init__(self) -> None:
        self._opens_at = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody through before so many seconds have passed."""
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)

    def pass_through(self) -> None:
        """Wait until requests are welcome again."""
        if (left := self._opens_at - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_WAIT))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a reply asks to wait, stated as a number or as a date; None if it does not."""
    text = str(headers.get("retry-after", "")).strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def withheld_token(endpoint: str) -> str:
    """What to do where a custom endpoint refuses and the user's token was not sent to it."""
    return (f"your token is sent to the hub itself alone: set MODELBOOK_SEND_TOKEN=1 if {endpoint} "
            "may see it too")


def rate_limited(hub: str, what: str, why: str, login: str) -> UserError:
    """The error for a hub that keeps refusing, or that asks for too long a wait.

    Args:
        hub: Its title.
        what: What it was asked for.
        why: What it answered.
        login: Where its client finds a token.
    """
    return UserError(f"{hub} limits the rate of requests for {what}", code="rate-limited",
                     why=why, hint=f"wait some minutes; a token raises the limit ({login}); "
                                   "finished files are kept")
