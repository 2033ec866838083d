"""Several combinations at once: a few threads, what they share, and an end of them all."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

import msgspec

from runtime.admission import Admission
from runtime.memory import human
from runtime.parallel import StoppedError
from runtime.process import Supervised
from runtime.progress import Reporter

#: Seconds that engines have to end when the user interrupts.
_GRACE = 30.0

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Watch(msgspec.Struct):
    """What those that work at the same time share.

    Attributes:
        admission: Who may begin.
        stop: Set when all shall end.
        processes: Engines that answer, so that they can be ended while an answer is waited for.
    """

    admission: Admission
    stop: threading.Event = msgspec.field(default_factory=threading.Event)
    processes: set[Supervised] = set()

    def tick(self) -> None:
        """Raise `StoppedError` when all shall end."""
        if self.stop.is_set():
            raise StoppedError

    @contextlib.contextmanager
    def running(self, process: Supervised) -> Iterator[None]:
        """Know of an engine within the block."""
        self.processes.add(process)
        try:
            yield
        finally:
            self.processes.discard(process)
            self.tick()  # what an engine said while it was ended is no result

    def end(self) -> None:
        """Let all end."""
        self.stop.set()
        for process in list(self.processes):
            process.terminate()


class Named:
    """A reporter that says of what it speaks, since others are spoken of meanwhile."""

    def __init__(self, reporter: Reporter, name: str) -> None:
        self._reporter, self._name = reporter, name

    def notify(self, text: str) -> None:
        """Show the sentence after the name."""
        self._reporter.notify(f"{self._name}: {text}")

    def begin(self, label: str, total: int) -> None:
        """Say what begins; several bars at once could not be read."""
        self.notify(f"{label}: {human(total)}")

    def advance(self, count: int) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


def side_by_side(items: Sequence[_Item], work: Callable[[_Item], _Result], watch: Watch,
                 workers: int) -> Generator[_Result]:
    """Work on a few items at a time, and yield results as they are made.

    Closing the generator, an exception of `work` or a Ctrl-C ends all that runs.

    Args:
        items: What to work on.
        work: Makes the result of one, in a thread; it asks `watch` now and then.
        watch: What they share.
        workers: How many at a time.
    """
    todo: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    made: queue.SimpleQueue[tuple[_Result | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        with contextlib.suppress(queue.Empty, StoppedError):
            while not watch.stop.is_set():
                item = todo.get_nowait()
                try:
                    made.put((work(item), None))
                except Exception as error:  # it is raised where results are waited for
                    made.put((None, error))

    # Daemons, so that none can keep an interrupted program alive; guards end what they started.
    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(workers, len(items)))]
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            result, error = _next(made)
            if error is not None:
                raise error
            yield result  # type: ignore[misc]  # a result may be None itself
    finally:
        watch.end()
        deadline = time.monotonic() + _GRACE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))


def _next(made: queue.SimpleQueue[_Result]) -> _Result:
    while True:
        with contextlib.suppress(queue.Empty):
            return made.get(timeout=0.1)  # a wait without end would let no signal through
