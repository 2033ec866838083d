"""The peak memory of a process and its children together."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import psutil

_PERIOD = 0.1  # seconds


class Peak:
    """Looks at a process and its children again and again while it is entered.

    Attributes:
        megabytes: The most that they took together, shared pages counted once; 0 where the system
            does not tell, or the process was gone too soon.
    """

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_PERIOD):
            try:
                taken = taken_by(self._pid)
            except psutil.Error:
                return
            self.megabytes = max(self.megabytes, taken / 1e6)


def taken_by(pid: int) -> int:
    """Bytes that a process and its children take now, shared pages counted once.

    Raises:
        psutil.Error: There is no such process.
    """
    process = psutil.Process(pid)
    return sum(map(_proportional, (process, *process.children(recursive=True))))


def _proportional(process: psutil.Process) -> int:
    try:
        return int(getattr(process.memory_full_info(), "pss", 0))
    except psutil.Error:
        return 0
