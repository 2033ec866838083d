"""How far a job is: a moving bar on a terminal, sparse lines in a log, nothing when silent."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol, TextIO

from runtime.errors import shown
from runtime.memory import human

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STEP_SHARE = 0.1
_STEP_SECONDS = 10.0


class Reporter(Protocol):
    """Told about a job from any thread; shows what its kind of output allows."""

    def notify(self, text: str) -> None:
        """Show one sentence now."""

    def begin(self, label: str, total: int) -> None:
        """A job of `total` bytes begins."""

    def advance(self, count: int) -> None:
        """`count` more bytes are there; negative when bytes had to be thrown away."""

    def end(self) -> None:
        """The job is over, well or not."""


def reporter(*, silent: bool = False, stream: TextIO | None = None) -> Reporter:
    """The reporter that fits the output stream (default: stderr)."""
    stream = stream or sys.stderr
    if silent:
        return Silent()
    if stream.isatty():
        return Bar(stream)
    return Lines(stream)


class Silent:
    """Shows nothing."""

    def notify(self, text: str) -> None:
        """Nothing."""

    def begin(self, label: str, total: int) -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Lines:
    """One line for each tenth of a job, or every ten seconds if that takes longer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._label = ""
        self._total = self._done = 0
        self._shown_share = 0.0
        self._started = self._shown_at = 0.0

    def notify(self, text: str) -> None:
        """Write the sentence on a line of its own."""
        with self._lock:
            self._write(text)

    def begin(self, label: str, total: int) -> None:
        """Write what begins and how much it is."""
        with self._lock:
            self._label, self._total, self._done = label, total, 0
            self._shown_share, self._started = 0.0, time.monotonic()
            self._shown_at = self._started
            self._write(f"{label}: {human(total)}")

    def advance(self, count: int) -> None:
        """Write a line if a tenth or ten seconds have passed since the last one."""
        with self._lock:
            self._done += count
            share = self._done / self._total if self._total else 1.0
            now = time.monotonic()
            if (share - self._shown_share < _STEP_SHARE - 1e-9
                    and now - self._shown_at < _STEP_SECONDS):
                return
            self._shown_share, self._shown_at = share, now
            speed = self._done / max(now - self._started, 1e-3)
            self._write(f"{self._label}: {min(share, 1.0):.0%} of {human(self._total)}, "
                        f"{human(speed)}/s")

    def end(self) -> None:
        """Nothing; the last tenth was written."""

    def _write(self, text: str) -> None:
        self._stream.write(shown(text) + "\n")
        self._stream.flush()


class Bar:
    """A moving bar with speed and remaining time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def notify(self, text: str) -> None:
        """Write the sentence above the bar."""
        if self._progress is not None:
            self._progress.console.print(shown(text), markup=False, highlight=False)
        else:
            self._stream.write(shown(text) + "\n")
            self._stream.flush()

    def begin(self, label: str, total: int) -> None:
        """Draw the bar."""
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self.end()
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
            TransferSpeedColumn(), TimeRemainingColumn(), console=Console(file=self._stream))
        self._progress.start()
        self._task = self._progress.add_task(escape(label), total=total or None)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, count)

    def end(self) -> None:
        """Leave the bar as it stands."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
