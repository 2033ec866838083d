"""What this machine is, as far as it decides which engines can run; nothing that identifies it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from runtime.manifest import Provider

#: Names of one processor kind on different systems.
_SAME_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}


class Machine(msgspec.Struct, frozen=True):
    """A kind of machine.

    Attributes:
        system: `linux`, `darwin` or `win32`.
        processor: `x86_64`, `aarch64` …
        accelerators: What can compute here: always `cpu`, perhaps `cuda`, `rocm`, `metal`.
    """

    system: str
    processor: str
    accelerators: tuple[str, ...]

    @classmethod
    def here(cls) -> Machine:
        """This machine."""
        processor = platform.machine().lower()
        return cls(sys.platform, _SAME_MACHINE.get(processor, processor), _accelerators())

    def refuses(self, provider: Provider) -> str:
        """Why a provider does not run here, as a clause; empty when it does."""
        if self.system not in provider.platforms:
            return f"it runs on {_either(provider.platforms)}, and this is {self.system}"
        kinds = [_SAME_MACHINE.get(kind.lower(), kind.lower()) for kind in provider.machines]
        if kinds and self.processor not in kinds:
            return f"it needs a processor of kind {_either(kinds)}, and this is {self.processor}"
        if not set(provider.accelerators) & set(self.accelerators):
            return (f"it computes on {_either(provider.accelerators)}, and this machine has "
                    f"{_either(self.accelerators)} only")
        if lacking := self.lacking_flags(provider.cpu_flags):
            return f"it needs a processor with {', '.join(lacking)}"
        return ""

    def lacking_flags(self, flags: Sequence[str]) -> list[str]:
        """Those of `flags` that this processor does not have; none where it cannot be told."""
        told = _cpuinfo("flags") or _cpuinfo("features")
        has = set(told.lower().split())
        return [flag for flag in flags if told and flag not in has]

    def kind(self, gpus: str | None = None) -> dict[str, object]:
        """What a verification record says of the machine.

        Args:
            gpus: Indices of the GPUs that may be used, separated by commas; None, or what is no
                such list: all.
        """
        kind: dict[str, object] = {
            "system": self.system, "processor": self.processor, "cpu": _cpu_model(),
            "cpu_flags": _cpu_flags(), "accelerators": list(self.accelerators)}
        if names := told_by_driver("name"):
            used = [names[int(index)] for index in (gpus or "").split(",")
                    if index.isdecimal() and int(index) < len(names)]
            kind["gpus"] = used or names
        return kind


class MainMemory(msgspec.Struct, frozen=True):
    """Main memory that programs here may have, in bytes.

    Attributes:
        total: All of it.
        available: What they could have now without swapping.
        limited: A control group, such as a container's, allows less than the machine has.
    """

    total: int
    available: int
    limited: bool = False


def main_memory(root: Path = Path("/")) -> MainMemory:
    """The machine's memory, or what the control group of this process allows of it.

    Args:
        root: Where Linux's `proc` and the groups' file systems are.
    """
    import psutil

    from runtime import cgroup

    memory = psutil.virtual_memory()
    total, available = int(memory.total), int(memory.available)
    allowed = cgroup.allowance(root)
    if allowed is None:
        return MainMemory(total, available)
    return MainMemory(min(total, allowed.limit), min(available, allowed.left),
                      limited=allowed.limit < total)


def _either(names: object) -> str:
    return " or ".join(dict.fromkeys(map(str, names)))  # type: ignore[call-overload]


def _accelerators() -> tuple[str, ...]:
    found = ["cpu"]
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append("metal")
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        found.append("cuda")
    if Path("/dev/kfd").exists():
        found.append("rocm")
    return tuple(found)


def told_by_driver(field: str) -> list[str]:
    """What NVIDIA's own program tells of each GPU, without units; none where it does not.

    Args:
        field: As `nvidia-smi --query-gpu` names it, such as `name` or `memory.total` (in MiB).
    """
    import subprocess

    if (program := shutil.which("nvidia-smi")) is None:
        return []
    try:
        done = subprocess.run(
            [program, f"--query-gpu={field}", "--format=csv,noheader,nounits"], check=True,
            capture_output=True, timeout=60, text=True, errors="replace",
            stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _cpuinfo(field: str) -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip().lower() == field:
                    return value.strip()
    except OSError:
        pass
    return ""


def _cpu_model() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpu_flags() -> list[str]:
    """Instruction sets that decide which kernels an engine has."""
    told = set((_cpuinfo("flags") or _cpuinfo("features")).lower().split())
    return [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")
            if flag in told]
