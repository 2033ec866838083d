"""Families compiled in several processes.

Worth it from about a hundred families on: starting a process costs as much as compiling ten.
Where the system forks (Linux), the workers inherit everything that was read; elsewhere each reads
the frame of the catalogue for itself.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from compiler.catalogue import frame
from compiler.discover import Source
from compiler.emit.profiles import Profile
from compiler.unit import Broken, Made, Workshop

#: Forking is safe and cheap on Linux; macOS' own libraries do not bear it, Windows has none.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"
#: Fewer families for each process do not pay for it.
WORTH = 50
#: So many families are handed out at once; fewer where the last ones would keep others waiting.
_CHUNK = 32
_ROUNDS = 5

_workshop: Workshop | None = None
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


def compile_all(workshop: Workshop, specs: Path, work: list[Source], jobs: int) -> Iterator[Made]:
    """Compile families, in order.

    Args:
        workshop: What it takes.
        specs: The specs folder that the workshop's frame was read from.
        work: The families.
        jobs: Number of processes.

    Raises:
        Broken: One of them cannot be compiled by itself.
    """
    size = min(_CHUNK, max(1, len(work) // (jobs * _ROUNDS)))
    chunks = [work[start:start + size] for start in range(0, len(work), size)]
    if jobs == 1:
        for chunk in chunks:
            yield from _compiled(workshop, chunk)
        return
    import multiprocessing  # takes its time, and a warm build has no use for it

    global _workshop
    _workshop = workshop
    _ = workshop.view, workshop.planner, workshop.profile and workshop.writer  # before the fork
    gc.freeze()  # or the workers' collectors would copy every page that they share with us
    with multiprocessing.get_context(START_METHOD).Pool(
            jobs, _start, (specs, workshop.profile, frozenset(workshop.tried))) as pool:
        for done in pool.imap(_compile_chunk, chunks):
            if done is None:
                raise Broken
            yield from _decode(done)


def _start(specs: Path, profile: Profile | None, tried: frozenset[str]) -> None:
    """Make a worker ready."""
    global _workshop
    gc.disable()
    if _workshop is None:
        made = frame(specs)
        assert made is not None  # noqa: S101 - the parent has read it
        _workshop = Workshop(made, profile, tried)


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
    catalogue is compiled, each chunk's are swept up at its end. Only what is younger than the last
    sweep is looked at: the rest is kept anyway, and grows with every chunk.
    """
    made = [workshop.make(source) for source in work]
    if not gc.isenabled():
        gc.collect(0)
    return made
