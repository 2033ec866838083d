"""Waiting until a server that we started really answers.

Ready means: the process that we started lives, it is the one that listens on the port, its health
path (if it has one) says 200, and it has generated something. Anything less has been seen to say
yes before the model was loaded, or for somebody else's server.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable

import msgspec

from runtime import ports
from runtime.engines.base import (
    COMMON_FAILURES,
    PORT_TAKEN,
    Engine,
    KeyLine,
    clean,
    key_line,
    tells,
)
from runtime.errors import ExitCode, UserError, seconds
from runtime.logs import Follower, tail
from runtime.probe import Answer, Client, ProbeError
from runtime.process import End, Supervised

#: Enough to prove a generation, little enough for a slow machine.
_TOKENS = 8
_PROGRESS_EVERY = 5.0
#: Seconds between two looks at the engine's log and whether it lives.
_TURN = 0.03
#: Seconds in which a server that says it is up must listen. vLLM takes its port long before it
#: listens there; if another program comes first, it goes on without one, and says nothing of it.
_DEAF = 10.0
#: A server that is up but answers with an error gets this many tries, a second apart.
_TRIES = 3


class LaunchError(UserError):
    """A server that did not come up, or that ended by itself.

    Attributes:
        key: The line of the log that explains it, if one does.
        end: How the process ended, if it did.
    """

    def __init__(self, message: str, *, code: str, why: str = "", hint: str = "",
                 key: KeyLine | None = None, end: End | None = None,
                 details: dict[str, object] | None = None) -> None:
        super().__init__(message, code=code, why=why, hint=hint, exit_code=ExitCode.FAILED,
                         details=details)
        self.key = key
        self.end = end

    @property
    def outcome(self) -> str:
        """`failed`, or `environment` where the machine is at fault."""
        return self.key.outcome if self.key else "failed"

    @property
    def port_taken(self) -> bool:
        """Whether it would have come up on another port."""
        return self.key is not None and self.key.reason == PORT_TAKEN


class Target(msgspec.Struct, frozen=True):
    """What is waited for.

    Attributes:
        process: The engine.
        engine: Its module.
        client: A client of its server.
        port: The port that it is to listen on.
        chat: Whether the model chats, or continues text only.
        title: How to call it in messages.
    """

    process: Supervised
    engine: Engine
    client: Client
    port: int
    chat: bool
    title: str


def wait_until_ready(target: Target, *, timeout: float, report: Callable[[str], None],
                     tick: Callable[[], None] = lambda: None) -> Answer:
    """Wait for the first generation.

    Args:
        target: What is waited for.
        timeout: Seconds.
        report: Gets a line every few seconds.
        tick: Called many times a second; what it raises ends the wait.

    Returns:
        The answer that proved readiness.

    Raises:
        LaunchError: The process ended, failed for good, or did not answer in time.
    """
    started = time.monotonic()
    deadline = started + timeout
    results: queue.SimpleQueue[Answer | ProbeError] = queue.SimpleQueue()
    given_up = threading.Event()
    threading.Thread(target=_probe, args=(target, deadline, results, given_up), daemon=True).start()
    follower = Follower(target.process.log)
    last_line, next_report = "", started + _PROGRESS_EVERY
    deaf = _Deaf(target)
    try:
        while True:
            result = _next(results, _TURN)
            tick()
            if end := target.process.poll():
                raise ended(target, end)
            for line in follower.new_lines():
                last_line = cleaned if tells(cleaned := clean(line)) else last_line
                deaf.hear(line)
                if (key := key_line([line], target.engine.FAILURES)) and key.fatal:
                    raise _failure(target, f"{target.title} cannot go on", "engine-failed", key=key)
            if isinstance(result, ProbeError):
                raise _failure(target, f"{target.title} is up but does not answer: {result}",
                               "engine-no-answer")
            if result is not None:
                return result
            now = time.monotonic()
            deaf.check(now)
            if now > deadline:
                raise _failure(target, f"{target.title} did not answer within {seconds(timeout)}",
                               "timeout", advice="give it more time with --timeout")
            if now > next_report:
                next_report += _PROGRESS_EVERY
                said = f"; last said: {last_line}" if last_line else ""
                report(f"waiting for {target.title}: {now - started:.0f} s{said}")
    finally:
        given_up.set()


def _next(results: queue.SimpleQueue[Answer | ProbeError], wait: float,
          ) -> Answer | ProbeError | None:
    """The result as soon as it is there; None after `wait` seconds without."""
    try:
        return results.get(timeout=wait)
    except queue.Empty:
        return None


def _probe(target: Target, deadline: float, results: queue.SimpleQueue[Answer | ProbeError],
           given_up: threading.Event) -> None:
    """In a thread, so that an answer that never comes hides neither the log nor the end."""
    failures = 0
    began = time.monotonic()
    pause = 0.0
    ours = False  # once our server listens, no other one gets its port
    while not given_up.wait(pause):
        now = time.monotonic()
        left = max(1.0, deadline - now)
        # Often enough to add a fortieth at most to the engine's own time.
        pause = min(max((now - began) / 40, 0.02), 0.25)
        if target.engine.HEALTH:
            status = target.client.status(target.engine.HEALTH, left)
            if status != 200:
                # While it loads the model is the time to look; later the launch would wait for it.
                ours = ours or (status != 0 and not _somebody_elses(target))
                continue
        try:
            answer = target.client.ask(chat=target.chat, max_tokens=_TOKENS, timeout=left)
        except ProbeError as error:
            if error.passing or (not ours and _somebody_elses(target)):
                continue
            failures += 1
            if failures >= _TRIES:
                results.put(error)
                return
            pause = 1.0
            continue
        if not ours and _somebody_elses(target):
            continue
        results.put(answer)
        return


def _somebody_elses(target: Target) -> bool:
    """Whether another program answered; ours will fail on its own, or get the port."""
    return ports.listens(target.process.pid, target.port) is False


class _Deaf:
    """Notices a server that says it is up and does not listen."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._said: tuple[float, str] | None = None
        self._pattern = re.compile(target.engine.UP) if target.engine.UP else None

    def hear(self, line: str) -> None:
        """Look at a line of its log."""
        if self._pattern and self._pattern.search(line):
            self._said, self._pattern = (time.monotonic(), clean(line)), None

    def check(self, now: float) -> None:
        """Look whether it listens, once, when it has had the time.

        Raises:
            LaunchError: It does not.
        """
        if self._said is None or now < self._said[0] + _DEAF:
            return
        line, self._said = self._said[1], None
        if _somebody_elses(self._target):
            raise _failure(self._target, f"{self._target.title} does not listen on its port",
                           "engine-failed", key=KeyLine(
                               line=line, reason=PORT_TAKEN, outcome="environment", fatal=True,
                               advice="leave --port out to have a free one chosen"))


def ended(target: Target, end: End) -> LaunchError:
    """The error for a process that ended by itself."""
    return _failure(target, f"{target.title} {end.describe()}", "engine-exited", end=end)


def _failure(target: Target, message: str, code: str, *, key: KeyLine | None = None,
             end: End | None = None, advice: str = "") -> LaunchError:
    if key is None:
        time.sleep(0.05 if end else 0.0)  # the guard may still be writing the last lines
        key = key_line(tail(target.process.log), (*target.engine.FAILURES, *COMMON_FAILURES))
    killed = end is not None and end.signal == 9
    why, hint = "", []
    if key is not None:
        known = bool(key.reason)
        why = f"{key.reason}: {key.line}" if known else f"its log says: {key.line}"
        if killed and not known:
            why = f"somebody killed it, or the system ran out of memory; its log ends: {key.line}"
        hint += [key.advice] if key.advice else []
    hint += [advice] if advice else []
    hint.append(f"the whole log: {target.process.log}")
    return LaunchError(message, code=code, why=why, hint="\n".join(hint), key=key, end=end,
                       details={"log": str(target.process.log),
                                "key_line": key.line if key else None,
                                "exit_code": end.code if end else None,
                                "signal": end.signal if end else None})
