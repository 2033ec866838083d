"""SIGTERM as an exception, so that clean-up runs as it does for Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


class Terminated(BaseException):
    """SIGTERM arrived; not an error, so nothing catches it by accident."""


@contextlib.contextmanager
def raising_on_sigterm() -> Iterator[None]:
    """Within the block the first SIGTERM raises `Terminated`; later ones change nothing."""
    def on_sigterm(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # clean-up is under way
        raise Terminated

    before = signal.signal(signal.SIGTERM, on_sigterm)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
