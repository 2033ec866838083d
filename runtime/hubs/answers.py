"""Bounds of answers that hubs' clients read whole, such as listings: a hub may send without end."""

from __future__ import annotations

import time

from runtime.errors import UserError

#: Bytes of an answer at most; listings of the largest repositories have some megabytes.
_LARGEST = 64 << 20
#: Seconds that an answer may take in any case, and bytes a second that it must bring after them.
_PATIENCE, _SLOWEST = 20.0, 10_000.0


class TooSlowError(Exception):
    """An answer drips in."""


class Bounds:
    """Counts one answer's bytes."""

    def __init__(self, hub: str) -> None:
        """Begin.

        Args:
            hub: The hub's title.
        """
        self._hub = hub
        self._began = time.monotonic()
        self._size = 0

    def add(self, size: int) -> None:
        """Take note of bytes that arrived.

        Raises:
            UserError: The answer is too large.
            TooSlowError: It does not come to its end in time.
        """
        self._size += size
        if self._size > _LARGEST:
            raise UserError(f"{self._hub} answers without an end", code="hub-error",
                            why=f"more than {_LARGEST >> 20} MiB where a listing was asked for",
                            hint="check the mirror or proxy that answers in the hub's place")
        if time.monotonic() - self._began > _PATIENCE + self._size / _SLOWEST:
            raise TooSlowError
