"""What the engines on this machine have: asked once a release, kept, and held against commands."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from runtime import facts, home, jsonfile
from runtime.engines.environments import Installation, program_version
from runtime.errors import UserError
from runtime.facts import EngineFacts
from runtime.manifest import Provider
from runtime.storage import write_whole

SCRIPT = Path(__file__).with_name("probe_script.py")
#: The file in an installed engine's environment.
KEPT = "facts.json"
#: Providers that answer in well under a second, so that a launch may ask them itself.
_QUICK = {"llama-server", "xllamacpp"}
#: Providers that a script of ours serves with.
_OURS = {"xllamacpp": Path(__file__).with_name("serve_xllamacpp.py")}
_LONGEST = 300.0


def probe(installation: Installation, provider: Provider) -> EngineFacts:
    """Ask an engine what it has, and keep the answer.

    Raises:
        UserError: It cannot be asked, or its answer makes no sense.
    """
    if provider.module is None:
        told = _ask_program(installation)
    else:
        told = _ask_python(installation, provider)
    version = installation.version or program_version(installation)
    if not version or "/" in version:
        raise UserError(f"{installation.provider} does not tell its version", code="engine-probe",
                        hint="facts belong to a release, so they cannot be kept")
    try:
        found = msgspec.convert({
            **told, "format": facts.FORMAT, "format_version": facts.FORMAT_VERSION,
            "engine": installation.engine, "provider": installation.provider, "version": version,
        }, type=EngineFacts)
    except msgspec.ValidationError as error:
        raise UserError(f"{installation.provider} cannot be asked what it has",
                        code="engine-probe", why=str(error)) from None
    path = _kept(installation)
    home.ensure_folder(path.parent)
    jsonfile.write(path, found)
    return found


def known(installation: Installation) -> EngineFacts | None:
    """What was kept of an engine; None if it was not asked, or is not the same any more."""
    return jsonfile.read(_kept(installation), EngineFacts)


def check_flags(installation: Installation, provider: Provider, argv: Sequence[str], *,
                title: str, ask: bool = True) -> None:
    """Refuse a command line whose options the installed release does not have.

    Nothing is refused where it is not known what the release has; an engine that does not answer
    quickly is not asked for this.

    Args:
        installation: The engine.
        provider: Its facts.
        argv: The command line.
        title: How to call the engine in messages.
        ask: Ask a quick engine that was not asked before.

    Raises:
        UserError: An option is unknown to it (`unknown-flag`).
    """
    found = known(installation)
    if found is None and ask and installation.provider in _QUICK:
        try:
            found = probe(installation, provider)
        except UserError:
            return
    if found is None or not (unknown := found.unknown_flags(argv)):
        return
    from difflib import get_close_matches

    near = get_close_matches(unknown[0], found.flags or (), n=1, cutoff=0.6)
    version = f" {found.version}" if found.version not in title else ""
    raise UserError(
        f"{title}{version} has no option {unknown[0]}", code="unknown-flag",
        why="the installed release does not list it; it was not started",
        hint=(f"did you mean {near[0]}?\n" if near else "")
        + "--force passes it on all the same",
        details={"flags": unknown, "nearest": near, "version": found.version})


def _kept(installation: Installation) -> Path:
    if installation.folder is not None:
        return installation.folder / _name_of_kept(installation.provider)
    program = installation.python or installation.executable
    try:
        state = program.stat() if program else None
    except OSError:
        state = None
    about = f"{program}\0{installation.version}\0" + (
        f"{state.st_mtime_ns}\0{state.st_size}" if state else "")
    key = hashlib.sha256(about.encode()).hexdigest()[:16]
    folder = home.engines_folder() / installation.engine.lower() / "probes"
    return folder / f"{installation.provider}-{key}.json"


def _name_of_kept(provider: str) -> str:
    if provider not in _OURS:
        return KEPT
    # The options are those of our own launcher, which another Modelbook has others of.
    digest = hashlib.sha256(_OURS[provider].read_bytes()).hexdigest()[:12]
    return f"{Path(KEPT).stem}-{digest}.json"


def _ask_program(installation: Installation) -> dict[str, object]:
    """The options that a program's `--help` lists."""
    program = installation.executable
    if program is None:
        raise UserError(f"{installation.provider} has no program to ask", code="engine-probe")
    done = _run([str(program), "--help"], installation.provider)
    flags = set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", done.stdout + done.stderr))
    if done.returncode or "--model" not in flags:
        raise UserError(f"{program} does not list its options", code="engine-probe")
    return {"flags": sorted(flags)}


def _ask_python(installation: Installation, provider: Provider) -> dict[str, object]:
    if installation.python is None:
        raise UserError(f"{installation.provider} has no Python interpreter to ask",
                        code="engine-probe", hint="name one with --engine-python")
    isolated = ["-I"] if installation.origin == "installed" else []
    done = _run([str(installation.python), *isolated, str(SCRIPT), installation.provider],
                installation.provider, provider.environment)
    lines = done.stdout.strip().splitlines()
    try:
        told = json.loads(lines[-1]) if lines else None
    except ValueError:
        told = None
    if done.returncode or not isinstance(told, dict):
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        raise UserError(f"{installation.provider} cannot be asked what it has",
                        code="engine-probe", why=last.strip()[:300])
    return told


def _run(argv: list[str], name: str, environment: dict[str, str] | None = None,
         ) -> subprocess.CompletedProcess[str]:
    # COLUMNS: a help text must not break options apart.
    settings = {**(environment or {}), **os.environ, "COLUMNS": "500", "NO_COLOR": "1",
                "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(argv, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=_LONGEST, env=settings)
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{name} cannot be asked what it has", code="engine-probe",
                        why=str(error)) from None


def checkout_folder() -> Path | None:
    """Where a checkout of Modelbook keeps the facts; None in an installed one."""
    root = Path(__file__).parents[2]
    specs = root / "specs" / "engines"
    return specs / "facts" if specs.is_dir() and (root / "compiler").is_dir() else None


def write(found: EngineFacts, path: Path) -> None:
    """Write a file of facts, whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, facts.encode(found))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}", code="out-not-writable",
                        hint="name another file with --out") from None
