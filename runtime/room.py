"""The memory that a combination may take: what was said, or what this machine has."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runtime.fit import in_words, parse_amount
from runtime.machine import Machine, main_memory, told_by_driver
from runtime.manifest import Provider
from runtime.memory import human

#: What stands for no limit, where an amount could.
ANY = "any"


class Room(msgspec.Struct, frozen=True):
    """An amount of memory.

    Attributes:
        size: Bytes.
        source: `asked`, `ram` or `gpu`.
        words: It, and whose it is.
    """

    size: int
    source: str
    words: str


#: The room for what a provider serves; None where there is no limit.
Rooms = Callable[[Provider], Room | None]


def asked(text: str) -> Rooms:
    """The amount that a user gives, or no limit for `any`.

    Raises:
        MisuseError: It is no amount.
    """
    if text.strip().lower() == ANY:
        return unlimited
    room = Room(parse_amount(text), "asked", in_words(text))
    return lambda provider: room


def unlimited(provider: Provider) -> Room | None:
    """No limit, whatever the provider."""
    return None


class OfMachine:
    """The memory of this machine: that of its GPU for a provider that computes on one.

    A provider that can also compute on the processor has whichever is larger.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: dict[str, Room | None] = {}

    def __call__(self, provider: Provider) -> Room | None:
        """The room for what a provider serves."""
        gpu = ram = None
        if "cuda" in provider.accelerators and "cuda" in self._machine.accelerators:
            gpu = self._look("gpu", _of_gpu)
        if gpu is None or "cpu" in provider.accelerators:
            ram = self._look("ram", _of_ram)
        return max((room for room in (gpu, ram) if room), key=lambda room: room.size, default=None)

    def _look(self, source: str, look: Callable[[], Room | None]) -> Room | None:
        if source not in self._known:
            self._known[source] = look()
        return self._known[source]


def _of_ram() -> Room:
    memory = main_memory()
    return _room("ram", memory.total, "that this process's control group allows"
                 if memory.limited else "of this machine")


def _of_gpu() -> Room | None:
    size = gpu_memory()
    return None if size is None else _room("gpu", size, "of this machine's GPU")


def _room(source: str, size: int, whose: str) -> Room:
    return Room(size, source, f"the {size / (1 << 30):.1f} GiB ({human(size)}) {whose}")


def gpu_memory() -> int | None:
    """Bytes of the largest NVIDIA GPU, as its driver's own program tells; None if it does not."""
    told = [int(line) for line in told_by_driver("memory.total") if line.isdecimal()]
    return max(told) << 20 if told else None
