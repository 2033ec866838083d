"""A few jobs at a time in threads, where the first failure or a Ctrl-C ends all of them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

_WORKERS = 4
_GRACE_SECONDS = 2.0

_Item = TypeVar("_Item")


class StoppedError(BaseException):
    """A job was ended because another one failed or the user interrupted.

    Not an `Exception`, so that no retry on the way catches it.
    """


def in_parallel(items: Sequence[_Item], work: Callable[[_Item], None],
                 stop: threading.Event, workers: int = _WORKERS) -> None:
    """Run `work` on a few items at a time; the first failure or Ctrl-C ends all.

    The threads are daemons, so that a stalled transfer cannot keep an interrupted program alive.
    """
    todo: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    failures: list[Exception] = []

    def worker() -> None:
        while not stop.is_set():
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                work(item)
            except StoppedError:
                return
            except Exception as error:
                failures.append(error)
                stop.set()

    threads = [threading.Thread(target=worker, daemon=True)
               for _ in range(min(workers, len(items)))]
    with _stopping(stop, threads):
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)
    if failures:
        raise failures[0]


@contextmanager
def _stopping(stop: threading.Event, threads: Sequence[threading.Thread]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stop.set()
        deadline = time.monotonic() + _GRACE_SECONDS
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        raise
