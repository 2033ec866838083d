"""Lets jobs that need memory begin as long as there is enough for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runtime.machine import main_memory

#: Part of the memory that was free at the beginning which jobs may take together.
_SHARE = 0.8
_POLL = 0.2


class Admission:
    """Counts what jobs said that they need, not what they have taken: that comes later.

    A job that needs more than there is runs when no other does.
    """

    def __init__(self, free: int | None = None) -> None:
        self._budget = int((main_memory().available if free is None else free) * _SHARE)
        self._taken: dict[int, tuple[int, bool]] = {}
        self._changed = threading.Condition()

    @contextmanager
    def room(self, needed: int, *, gpu: bool = False,
             tick: Callable[[], None] = lambda: None,
             waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait until there is room, and keep it within the block.

        Args:
            needed: Bytes of main memory.
            gpu: Whether it uses GPUs, which engines fill; only one job at a time does.
            tick: Called now and then; what it raises ends the wait.
            waiting: Called once if it has to wait.
        """
        mine, told = threading.get_ident(), False
        with self._changed:
            while not self._fits(needed, gpu):
                if not told:
                    told = True
                    waiting()
                tick()
                self._changed.wait(_POLL)
            self._taken[mine] = (needed, gpu)
        try:
            yield
        finally:
            with self._changed:
                del self._taken[mine]
                self._changed.notify_all()

    def _fits(self, needed: int, gpu: bool) -> bool:
        if not self._taken:
            return True
        if gpu and any(other for _, other in self._taken.values()):
            return False
        return sum(size for size, _ in self._taken.values()) + needed <= self._budget
