"""What works on this machine, and why the rest does not: the content of `runtime doctor`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from runtime import home
from runtime.engines import MODULES, environments
from runtime.engines.base import key_line
from runtime.engines.environments import Installation, pinned_version, program_version
from runtime.errors import UserError
from runtime.machine import Machine, main_memory
from runtime.manifest import Engine, Provider
from runtime.support import refusals_of

#: Below these, hardly any engine can be installed or started.
_LITTLE_DISK, _LITTLE_MEMORY = 5 << 30, 2 << 30
_IMPORT_SECONDS = 180.0


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a provider does not load on this machine.

    Attributes:
        format: Format name.
        quantizations: Shell-style patterns; empty means any.
        reasons: Why, in the words of the engine's facts.
    """

    format: str
    quantizations: list[str]
    reasons: list[str]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One provider of an engine on this machine.

    Attributes:
        engine: Engine name.
        provider: Provider name.
        state: `works`, `installable`, `broken` (installed, but it does not start) or `no`.
        version: The installed version, or the one that would be installed.
        reasons: Why not, or what to know; one clause each.
        fix: A command that changes it; may be empty.
        limits: What it does not load here, of what its engine loads elsewhere.
    """

    engine: str
    provider: str
    state: str
    version: str = ""
    reasons: list[str] = []
    fix: str = ""
    limits: list[Limit] = []


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine has, in bytes.

    Attributes:
        folder: The data folder.
        disk_free: Free on its disk.
        memory: Of the machine, or what its control group allows this process.
        memory_free: Of it available now.
        memory_limited: Whether it is the control group's.
        warnings: What is scarce; one clause each.
    """

    folder: str
    disk_free: int
    memory: int
    memory_free: int
    warnings: list[str]
    memory_limited: bool = False


def examine(engines: Sequence[Engine], machine: Machine) -> list[Diagnosis]:
    """Look at every provider of the engines; what is installed is imported."""
    return [_examine(engine, provider, machine) for engine in engines
            for provider in engine.providers]


def _examine(engine: Engine, provider: Provider, machine: Machine) -> Diagnosis:
    def told(state: str, reasons: list[str], version: str = "", fix: str = "") -> Diagnosis:
        limits = _limits(engine, provider, machine) if state in ("works", "installable") else []
        return Diagnosis(engine=engine.name, provider=provider.name, state=state, version=version,
                         reasons=reasons, fix=fix, limits=limits)

    if engine.name.lower() not in MODULES:
        return told("no", ["this version of Modelbook cannot start it"])
    if why := machine.refuses(provider):
        return told("no", [why])
    install = f"runtime engines install {engine.name} --provider {provider.name}"
    try:
        installation, _ = environments.find(engine, provider=provider.name)
    except UserError:
        if not provider.requirements:
            return told("no", [f"no {provider.executable} on PATH; it is installed by other means"])
        try:
            return told("installable", [], pinned_version(provider), install)
        except UserError as error:  # its engine's facts are at fault
            return told("no", [error.message])
    version = installation.version or program_version(installation)
    if why := _does_not_start(installation, provider):
        again = f"runtime engines remove {engine.name} --provider {provider.name} && {install}"
        return told("broken", [why], version, again if provider.requirements else "")
    return told("works", [*_version_note(provider, version), *_additions(engine, installation)],
                version)


def _does_not_start(installation: Installation, provider: Provider) -> str:
    """Why the engine cannot even be imported or asked for its version; empty where it can."""
    if provider.module and installation.python:
        isolated = ["-I"] if installation.origin == "installed" else []
        argv = [str(installation.python), *isolated, "-c", f"import {provider.module}"]
    elif installation.executable:
        argv = [str(installation.executable), "--version"]
    else:
        return "there is nothing to start"
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=_IMPORT_SECONDS,
                              env={**provider.environment, **os.environ})
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    if done.returncode == -4:  # SIGILL
        return "this build needs a newer processor (illegal instruction)"
    key = key_line(done.stderr.splitlines(), ())
    if key is None:
        return f"it ended with code {done.returncode}"
    return f"{key.reason}: {key.line}" if key.reason else key.line


def _version_note(provider: Provider, version: str) -> list[str]:
    """Where the installed version is not the one that the engine's facts were written for."""
    if not provider.requirements:
        return []
    covered = pinned_version(provider)
    if not version or version == covered:
        return []
    return [f"it is {version}; the facts were written for {covered}"]


def _additions(engine: Engine, installation: Installation) -> list[str]:
    """Formats whose further requirements are not installed."""
    return [f"{rule.format} needs {', '.join(lacking)}: runtime engines install {engine.name} "
            f"--provider {installation.provider} --for {rule.format}"
            for rule in engine.loads if (lacking := installation.lacks(rule.requires))]


def _limits(engine: Engine, provider: Provider, machine: Machine) -> list[Limit]:
    """What this provider does not load here, by format; a format that it loads nothing of whole."""
    found = refusals_of(engine, provider.name, lambda flags: bool(machine.lacking_flags(flags)))
    limits = []
    for name in sorted({refusal.format for refusal in found}):
        here = [refusal for refusal in found if refusal.format == name]
        whole = [each for each in here if not each.quantizations and not each.split_files]
        limits.append(Limit(
            format=name, reasons=list(dict.fromkeys(each.reason for each in whole or here)),
            quantizations=[] if whole else sorted({pattern for each in here
                                                   for pattern in each.quantizations})))
    return limits


def resources() -> Resources:
    """Disk and memory of this machine."""
    folder = home.data_home()
    there: Path = next(path for path in (folder, *folder.parents) if path.exists())
    memory, free = main_memory(), shutil.disk_usage(there).free
    warnings = []
    if free < _LITTLE_DISK:
        warnings.append(f"only {gib(free)} are free on the disk of {folder}")
    if memory.available < _LITTLE_MEMORY:
        warnings.append(f"only {gib(memory.available)} of memory are available")
    if there == folder and not os.access(folder, os.W_OK):
        warnings.append(f"{folder} cannot be written")
    return Resources(folder=str(folder), disk_free=free, memory=memory.total,
                     memory_free=memory.available, warnings=warnings,
                     memory_limited=memory.limited)


def gib(size: int) -> str:
    """`size` bytes for people."""
    return f"{size / (1 << 30):.1f} GiB"
