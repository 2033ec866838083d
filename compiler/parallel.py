"""Families compiled in several processes.

Worth it from about a hundred families on: starting a process costs as much as compiling ten.
Where the system forks (Linux), the others inherit everything that was read, and this process
compiles as well; elsewhere each reads the frame of the catalogue for itself.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import struct
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from compiler.catalogue import frame
from compiler.discover import Source
from compiler.emit.profiles import Profile
from compiler.unit import Broken, Made, Workshop

if sys.platform == "linux":
    from fcntl import F_SETPIPE_SZ, fcntl

#: Forking is safe and cheap on Linux; macOS' own libraries do not bear it, Windows has none.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"
#: Fewer families for each process do not pay for it.
WORTH = 50
#: So many families are handed out at once; fewer where the last ones would keep others waiting.
_CHUNK = 32
_ROUNDS = 20
#: The queue of chunks has to fit into a pipe, four bytes each.
_MOST_CHUNKS = 1 << 13
#: What a worker has compiled waits in a pipe of so many bytes until this process has time for it.
_PIPE_BYTES = 1 << 20

_workshop: Workshop | None = None
#: Families that were compiled in this process since the last sweep.
_unswept = 0
_NUMBER = struct.Struct("<I")
_HEADER = struct.Struct("<II")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Made]).decode


def jobs_for(asked: int | None, families: int) -> int:
    """How many processes to use; 1 is this one.

    Args:
        asked: The user's choice; None for as many as there are cores.
        families: How many are to be compiled.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(asked or cores or 1, families // WORTH))


def compile_all(workshop: Workshop, specs: Path, work: list[Source], jobs: int,
                meanwhile: Callable[[], object] = lambda: None) -> Iterator[Made]:
    """Compile families, in order.

    Args:
        workshop: What it takes.
        specs: The specs folder that the workshop's frame was read from.
        work: The families.
        jobs: Number of processes.
        meanwhile: What else there is to do while others compile; not called where there are none.

    Raises:
        Broken: One of them cannot be compiled by itself.
    """
    size = min(_CHUNK, max(1, len(work) // (jobs * _ROUNDS)))
    size = max(size, -(-len(work) // _MOST_CHUNKS))
    chunks = [work[start:start + size] for start in range(0, len(work), size)]
    if jobs == 1:
        for chunk in chunks:
            yield from _compiled(workshop, chunk)
        return
    ways = _forked if START_METHOD == "fork" else _spawned
    for made in ways(workshop, specs, chunks, jobs, meanwhile):
        yield from made


def _forked(workshop: Workshop, specs: Path, chunks: list[list[Source]], jobs: int,
            meanwhile: Callable[[], object]) -> Iterator[list[Made]]:
    """Compile chunks in this process and others that are forked from it.

    All take the numbers of chunks from one queue, so that none waits while there is work. A chunk
    that a worker did not bring back, because something is wrong with a family or with the worker,
    is compiled again here, where an error has somebody to tell.
    """
    del specs  # it has been read
    # The first one is compiled before forking: what is made on the way (rules, templates, verdicts
    # on what all families offer) is then there for all.
    first = _compiled(workshop, chunks[0][:1])
    chunks = [chunks[0][1:], *chunks[1:]]
    gc.freeze()  # or the workers' collectors would copy every page that they share with us
    queue, end = os.pipe()
    os.write(end, b"".join(map(_NUMBER.pack, range(len(chunks)))))
    os.close(end)
    made: list[list[Made] | None] = [None for _ in chunks]
    workers: list[_Worker] = []
    try:
        for _ in range(jobs - 1):
            workers.append(_Worker(workshop, chunks, queue))
        meanwhile()
        while taken := os.read(queue, _NUMBER.size):
            number = _NUMBER.unpack(taken)[0]
            made[number] = _compiled(workshop, chunks[number])
            _take(workers, made, wait=False)
        while any(not worker.done for worker in workers):
            _take(workers, made, wait=True)
    finally:
        os.close(queue)
        for worker in workers:
            worker.end()
    yield first
    for chunk, found in zip(chunks, made, strict=True):
        yield _compiled(workshop, chunk) if found is None else found


class _Worker:
    """A process that was forked from this one.

    Attributes:
        pipe: Where what it has compiled comes from.
        done: Whether that was all.
    """

    def __init__(self, workshop: Workshop, chunks: list[list[Source]], queue: int) -> None:
        self.pipe, out = os.pipe()
        with suppress(OSError):  # more than a user may have
            fcntl(out, F_SETPIPE_SZ, _PIPE_BYTES)
        self.done = False
        self._received = bytearray()
        self._process = os.fork()
        if not self._process:
            _work(workshop, chunks, queue, out)
        os.close(out)

    def read(self, made: list[list[Made] | None]) -> None:
        """Take what is there."""
        piece = os.read(self.pipe, _PIPE_BYTES)
        self.done = not piece
        self._received += piece
        start = 0
        while len(self._received) - start >= _HEADER.size:
            number, length = _HEADER.unpack_from(self._received, start)
            begin = start + _HEADER.size
            if len(self._received) < begin + length:
                break
            start = begin + length
            made[number] = _decode(self._received[begin:start])
        del self._received[:start]

    def end(self) -> None:
        """Let it go, however far it is."""
        os.close(self.pipe)
        if not self.done:
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _take(workers: list[_Worker], made: list[list[Made] | None], *, wait: bool) -> None:
    """Take what workers have compiled."""
    running = {worker.pipe: worker for worker in workers if not worker.done}
    while running:
        ready, _, _ = select.select(running, (), (), None if wait else 0)
        for pipe in ready:
            running[pipe].read(made)
        if wait or not ready:
            return
        running = {pipe: worker for pipe, worker in running.items() if not worker.done}


def _work(workshop: Workshop, chunks: list[list[Source]], queue: int, out: int) -> None:
    """Compile chunks in a forked process until there are none; does not return."""
    status = 1
    try:
        gc.disable()
        with open(out, "wb", buffering=0) as stream:
            while taken := os.read(queue, _NUMBER.size):
                number = _NUMBER.unpack(taken)[0]
                found = _encode(_compiled(workshop, chunks[number]))
                left = memoryview(_HEADER.pack(number, len(found)) + found)
                while left:
                    left = left[stream.write(left):]
        status = 0
    finally:
        os._exit(status)  # nothing of what the first process has begun is to be ended here


def _spawned(workshop: Workshop, specs: Path, chunks: list[list[Source]], jobs: int,
             meanwhile: Callable[[], object]) -> Iterator[list[Made]]:
    """Compile chunks in processes that inherit nothing."""
    import multiprocessing  # takes its time, and is not needed where the system forks

    with multiprocessing.get_context(START_METHOD).Pool(
            jobs, _start, (specs, workshop.profile, frozenset(workshop.tried),
                           workshop.asked)) as pool:
        found = pool.imap(_compile_chunk, chunks)
        meanwhile()
        for done in found:
            if done is None:
                raise Broken
            yield _decode(done)


def _start(specs: Path, profile: Profile | None, tried: frozenset[str],
           asked: Collection[str] | None) -> None:
    """Make a worker ready."""
    global _workshop
    gc.disable()
    made = frame(specs)
    assert made is not None  # noqa: S101 - the first process has read it
    _workshop = Workshop(made, profile, tried, asked=asked)


def _compile_chunk(work: Iterable[Source]) -> bytes | None:
    """The encoded outcome of a chunk; None where a family cannot be compiled by itself."""
    assert _workshop is not None  # noqa: S101 - `_start` has made it
    try:
        return _encode(_compiled(_workshop, work))
    except Broken:
        return None


def _compiled(workshop: Workshop, work: Iterable[Source]) -> list[Made]:
    """The outcome of a chunk.

    Views of families and specs refer to each other; with the collector off, as it is while a
    catalogue is compiled, they are swept up after every so many families. Only what is younger than
    the last sweep is looked at: the rest is kept anyway, and grows with every chunk. Fewer families
    leave too little to be worth the first sweep, which looks at everything imported.
    """
    global _unswept
    made = [workshop.make(source) for source in work]
    _unswept += len(made)
    if _unswept >= _CHUNK and not gc.isenabled():
        gc.collect(0)
        _unswept = 0
    return made
