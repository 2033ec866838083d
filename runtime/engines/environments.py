"""Engines on this machine: what is installed, what would fit, and how it is installed.

Each installed engine lives in a virtual environment of its own,
`<home>/engines/<engine>/<provider>-<version>/`, since engines' dependencies conflict. A file
`modelbook.json`, written last, says that an environment is complete; one without it is what an
interrupted installation left, and is removed by the next.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runtime import home, jsonfile
from runtime.engines.base import Runner
from runtime.errors import MisuseError, UserError, seconds
from runtime.facts import version_key
from runtime.lock import folder_lock
from runtime.machine import Machine
from runtime.manifest import Engine, Provider

if TYPE_CHECKING:
    from packaging.requirements import Requirement

STATE = "modelbook.json"


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that can be started.

    Attributes:
        engine: Engine name.
        provider: Provider name.
        version: The engine's version, empty when unknown.
        origin: `installed` (by Modelbook), `path` (found on PATH), `chosen` (named by the user)
            or `not installed` (only planned with).
        python: Interpreter of its environment.
        executable: Its program.
        folder: Its environment's folder, if Modelbook installed it.
        requirements: What was asked to be installed.
    """

    engine: str
    provider: str
    version: str = ""
    origin: str = "installed"
    python: Path | None = None
    executable: Path | None = None
    folder: Path | None = None
    requirements: list[str] = []

    def runner(self, provider: Provider) -> Runner:
        """What a command line needs to know of it; the user's own variables win over the facts'."""
        environment = {name: value for name, value in provider.environment.items()
                       if name not in os.environ}
        return Runner(provider=self.provider, python=self.python, executable=self.executable,
                      environment=environment)

    def lacks(self, requirements: Sequence[str]) -> list[str]:
        """Those of `requirements` whose distributions are not in its environment."""
        present = self._distributions()
        if present is None:
            return []
        return [need for need in requirements if _applies(parsed := _requirement(need))
                and _canonical(parsed.name) not in present]

    def _distributions(self) -> set[str] | None:
        if self.python is None:
            return None
        folders = [*self.python.parent.parent.glob("lib/python3*/site-packages"),
                   *self.python.parent.parent.glob("Lib/site-packages")]
        if not folders:
            return None
        return {_canonical(entry.name.split("-")[0])
                for folder in folders for entry in folder.glob("*.dist-info")}


def installed(engine: Engine) -> list[Installation]:
    """Complete environments of an engine, the newest version of each provider first."""
    found = []
    for state in sorted(_engine_folder(engine.name).glob(f"*/{STATE}")):
        if entry := jsonfile.read(state, Installation):
            found.append(entry)
    return sorted(found, key=lambda entry: version_key(entry.version), reverse=True)


def find(
    engine: Engine, *, provider: str | None = None, python: Path | None = None,
) -> tuple[Installation, Provider]:
    """The engine to start: the interpreter that the user named, else by the providers' order.

    A provider that Modelbook does not install is looked up on PATH.

    Raises:
        UserError: It is not there (`engine-missing`), or this machine cannot run it.
    """
    providers = _providers(engine, provider)
    if python is not None:
        return _chosen(engine, providers, python, named=provider is not None)
    complete = installed(engine)
    for candidate in providers:
        if not candidate.requirements and candidate.executable:
            if program := shutil.which(candidate.executable):
                return Installation(engine=engine.name, provider=candidate.name, origin="path",
                                    executable=Path(program).absolute()), candidate
            continue
        for entry in complete:
            if entry.provider == candidate.name and entry.python and entry.python.exists():
                return entry, candidate
    raise _missing(engine, providers, provider)


def program_version(installation: Installation) -> str:
    """What the program itself says of its version; empty when it does not say."""
    import re
    import subprocess

    if installation.executable is None:
        return ""
    try:
        done = subprocess.run([str(installation.executable), "--version"], capture_output=True,
                              timeout=30, text=True, errors="replace", stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    # llama-server prints `version: 6527 (abc123)` on standard error.
    found = re.search(r"version:?\s+(\w[\w.+-]*)", done.stdout + done.stderr)
    return found[1] if found and done.returncode == 0 else ""


def _missing(engine: Engine, providers: Sequence[Provider], chosen: str | None) -> UserError:
    machine = Machine.here()
    reasons = {each.name: machine.refuses(each) for each in providers}
    if all(reasons.values()):
        return UserError(f"{engine.name} cannot run on this machine", code="engine-unsupported",
                         why="; ".join(f"{name}: {why}" for name, why in reasons.items()),
                         hint="use another engine, or name an interpreter that has it with "
                              "--engine-python")
    command = f"runtime engines install {engine.name}"
    if chosen:
        command += f" --provider {chosen}"
    return UserError(f"{engine.name} is not installed", code="engine-missing", hint=command,
                     details={"install": command})


def _chosen(engine: Engine, providers: Sequence[Provider], python: Path, *, named: bool,
            ) -> tuple[Installation, Provider]:
    """The engine in the user's own environment."""
    # Not resolved: a virtual environment's interpreter is a link, and the link is what matters.
    interpreter = Path(os.path.abspath(python.expanduser()))  # noqa: PTH100
    if not os.access(interpreter, os.X_OK) or interpreter.is_dir():
        raise MisuseError(f"{python} is not a Python interpreter", code="engine-python",
                          hint="name the bin/python of the environment that has the engine")
    versions = _probe(interpreter, [each for each in providers if each.module])
    for candidate in providers:
        if candidate.name in versions or (named and candidate.module is None):
            executable = interpreter.parent / (candidate.executable or "")
            return Installation(
                engine=engine.name, provider=candidate.name, origin="chosen", python=interpreter,
                version=versions.get(candidate.name, ""),
                executable=executable if candidate.executable and executable.is_file() else None,
            ), candidate
    modules = ", ".join(each.module for each in providers if each.module)
    raise UserError(f"{python} does not have {engine.name}", code="engine-missing",
                    why=f"it cannot find the module {modules}",
                    hint=f"install it there, or leave --engine-python out and run "
                         f"`runtime engines install {engine.name}`")


_PROBE = """
import importlib.util, importlib.metadata, json, sys
found = {}
for name, module, distribution in json.loads(sys.argv[1]):
    if importlib.util.find_spec(module.split(".")[0]) is None:
        continue
    try:
        found[name] = importlib.metadata.version(distribution or module)
    except importlib.metadata.PackageNotFoundError:
        if not distribution or distribution.replace("-", "_") == module:
            found[name] = ""
print(json.dumps(found))
"""


def _probe(python: Path, providers: Sequence[Provider]) -> dict[str, str]:
    """Provider → version, for those whose module `python` finds; the module is not imported."""
    import json
    import subprocess

    asked = [(each.name, each.module, each.version_of) for each in providers]
    try:
        done = subprocess.run([str(python), "-c", _PROBE, json.dumps(asked)], check=True,
                              capture_output=True, timeout=60, text=True)
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UserError(f"{python} cannot be asked what it has", code="engine-python",
                        why=_why_silent(error),
                        hint="name the bin/python of the environment that has the engine") from None
    return {str(name): str(version) for name, version in answer.items()}


def _why_silent(error: Exception) -> str:
    """What an interpreter did instead of answering; the program that it was given is left out."""
    import subprocess

    if isinstance(error, subprocess.CalledProcessError):
        said = [line.strip() for line in (error.stderr or "").splitlines() if line.strip()]
        return f"it exits with code {error.returncode}" + (f": {said[-1][:300]}" if said else "")
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it gives no answer within {seconds(error.timeout)}"
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it answers no JSON"


def would_be_installed(engine: Engine, provider: str | None) -> tuple[Installation, Provider]:
    """The engine as `install` would leave it, for a plan that is only printed.

    Raises:
        UserError: Nothing of it could be installed here.
    """
    chosen = choose_to_install(engine, provider)
    version = pinned_version(chosen)
    folder = _engine_folder(engine.name) / f"{chosen.name}-{version}"
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    return Installation(
        engine=engine.name, provider=chosen.name, version=version, folder=folder,
        origin="not installed", python=programs / "python",
        executable=programs / chosen.executable if chosen.executable else None), chosen


def _providers(engine: Engine, chosen: str | None) -> list[Provider]:
    if chosen is None:
        return list(engine.providers)
    for each in engine.providers:
        if each.name.lower() == chosen.lower():
            return [each]
    raise MisuseError(f"{engine.name} has no provider {chosen!r}", code="unknown-provider",
                      hint="its providers: " + ", ".join(each.name for each in engine.providers))


def choose_to_install(engine: Engine, provider: str | None) -> Provider:
    """The provider that fits this machine, the first in the engine's order.

    Raises:
        UserError: None does, or the one asked for is not for Modelbook to install.
    """
    machine = Machine.here()
    reasons = []
    for candidate in _providers(engine, provider):
        if not candidate.requirements:
            reasons.append(f"{candidate.name}: it is installed by other means and found on PATH")
        elif why := machine.refuses(candidate):
            reasons.append(f"{candidate.name}: {why}")
        else:
            return candidate
    raise UserError(f"{engine.name} cannot be installed on this machine", code="engine-unsupported",
                    why="; ".join(reasons), hint="see `runtime engines list`")


def install(
    engine: Engine, *, provider: str | None = None, formats: Sequence[str] = (),
    report: Callable[[str], None] = lambda _: None,
) -> Installation:
    """Install an engine into an environment of its own; a complete one is left as it is.

    Args:
        engine: The engine's facts.
        provider: Which way; None: the first that fits this machine.
        formats: Weight formats whose further requirements are installed too.
        report: Gets a line now and then while it works.

    Raises:
        UserError: It does not fit this machine, or the installation failed.
    """
    from runtime.engines.installer import build_environment, extend_environment

    chosen = choose_to_install(engine, provider)
    requirements = [*chosen.requirements, *_format_requirements(engine, formats)]
    version = pinned_version(chosen)
    folder = home.ensure_folder(_engine_folder(engine.name)) / f"{chosen.name}-{version}"
    with _lock(engine.name, report):
        present = next((e for e in installed(engine) if e.folder == folder), None)
        if present is not None and not present.lacks(requirements):
            report(f"{engine.name} {version} ({chosen.name}) is already installed")
            return present
        if present is not None:
            requirements = list(dict.fromkeys([*present.requirements, *requirements]))
            for kept in folder.glob("facts*.json"):
                kept.unlink(missing_ok=True)  # additions may change them
            (folder / STATE).unlink()  # until the additions are in, it is not whole
            entry = extend_environment(engine, present, requirements, report)
        else:
            entry = build_environment(engine, chosen, version, requirements, folder, report)
        jsonfile.write(folder / STATE, entry)
        return entry


def _format_requirements(engine: Engine, formats: Sequence[str]) -> list[str]:
    known = {rule.format for rule in engine.loads}
    for name in formats:
        if name not in known:
            raise MisuseError(f"{engine.name} does not load {name}", code="unknown-format",
                              hint="it loads " + ", ".join(sorted(known)))
    return list(dict.fromkeys(need for rule in engine.loads if rule.format in formats
                              for need in rule.requires))


def remove(engine: Engine, provider: str | None = None) -> list[Installation]:
    """Remove an engine's environments (of one provider, if named), complete ones or not.

    Returns:
        The complete ones that were removed.

    Raises:
        UserError: There are none, or one is in use.
    """
    names = {each.name for each in _providers(engine, provider)}
    gone = [entry for entry in installed(engine) if entry.provider in names]
    with _lock(engine.name, lambda _: None):
        leftovers = [folder for folder in _environment_folders(engine.name)
                     if any(folder.name.startswith(f"{name}-") for name in names)]
        if not leftovers:
            raise UserError(f"{engine.name} is not installed", code="engine-missing",
                            hint="`runtime engines list` shows what is")
        for folder in leftovers:
            (folder / STATE).unlink(missing_ok=True)  # first: a rest is never taken as whole
            shutil.rmtree(folder)
    return gone


def _environment_folders(engine: str) -> Iterator[Path]:
    folder = _engine_folder(engine)
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir())


def _engine_folder(name: str) -> Path:
    return home.engines_folder() / name.lower()


def _lock(engine: str, report: Callable[[str], None]) -> AbstractContextManager[None]:
    folder = home.ensure_folder(home.engines_folder())
    return folder_lock(folder / f".{engine.lower()}.lock", doing=f"installing {engine}",
                       limit=3600.0, notify=report)


def pinned_version(provider: Provider) -> str:
    """The version that the provider's requirements pin.

    Raises:
        UserError: They pin none, so that nobody could say what ran, or one is none.
    """
    for line in provider.requirements:
        requirement = _requirement(line)
        if provider.version_of and _canonical(requirement.name) == _canonical(provider.version_of):
            for clause in requirement.specifier:
                if clause.operator == "==":
                    return clause.version
    raise UserError(f"the provider {provider.name} pins no version", code="engine-spec",
                    hint="write `NAME==VERSION` in the engine's YAML")


def _requirement(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement  # slow to import

    try:
        return Requirement(text)
    except InvalidRequirement:
        raise UserError(f"{text!r} is not a Python requirement", code="engine-spec",
                        hint="correct it in the engine's YAML, which `compiler check` points "
                             "at (MB316)") from None


def _applies(requirement: Requirement) -> bool:
    """Whether its environment marker, if it has one, holds here."""
    return requirement.marker is None or requirement.marker.evaluate()


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
