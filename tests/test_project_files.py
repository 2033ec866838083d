"""The files around the code: what they name exists, and the shell in them runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import PROGRAM as COMPILER
from tests.support.project import ROOT

YAML_FILES = sorted(
    path for pattern in ("*.yml", "*.yaml", ".*.yaml", ".github/**/*.yml", "docs/examples/*.y*ml")
    for path in ROOT.glob(pattern))


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_yaml_parses(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_hooks_for_others_call_verbs_that_exist() -> None:
    hooks = _read(".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["modelbook-check", "modelbook-fmt"]
    for hook in hooks:
        program, verb = hook["entry"].split()
        assert program == "compiler"
        assert verb in COMPILER.verbs
        COMPILER.parser(verb).parse_args(hook.get("args", []))
        assert re.search(hook["files"], "specs/families/seed-oss.yaml")
    used = _read("docs/examples/pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {hook["id"] for hook in used} == {hook["id"] for hook in hooks}


def test_readme_lists_every_target_and_links_to_what_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?m)^([a-z-]+):.*##", makefile):
        assert target == "help" or re.search(rf"[`, ]{target}`", readme), target
    for text in (readme, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (ROOT / link).exists(), link
        for target in re.findall(r"`make ([a-z-]+)", text):
            assert re.search(rf"(?m)^{target}:", makefile), target


def test_commands_of_the_documentation_parse() -> None:
    """What README and guides show is accepted by the programs themselves."""
    from runtime.cli import PROGRAM as RUNTIME

    programs = {"compiler": COMPILER, "runtime": RUNTIME}
    shown = 0
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.rst"))]:
        if "generated" in path.parts:
            continue
        for line in re.findall(r"(?m)^ *\$ ((?:compiler|runtime) .*?)(?: +#.*)?$",
                               path.read_text(encoding="utf-8")):
            program, verb, *rest = line.split()
            if getattr(programs[program].module(verb), "PASSES_ON", False) and "--" in rest:
                rest = rest[:rest.index("--")]  # what follows is another program's
            programs[program].parser(verb).parse_args(rest)
            shown += 1
    assert shown > 10


class Action:
    """Runs the shell steps of action.yml as the service would, with inputs of our own."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "a repository"
        self.summary = folder / "summary.md"
        self.summary.touch()
        programs = folder / "bin"
        programs.mkdir()
        script = programs / "compiler"
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m compiler.cli "$@"\n')
        script.chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder),
            "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.summary),
            "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8",
        }
        shutil.copytree(ROOT / "specs", self.repository / "specs")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *words],
            cwd=self.repository, env=self.environment, check=True, text=True,
            capture_output=True).stdout.strip()

    def commit(self) -> str:
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "state")
        return self.git("rev-parse", "HEAD")

    def edit(self, old: str, new: str) -> None:
        file = self.repository / "specs/families/seed-oss.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        action = _read("action.yml")
        values = {name: given.get("default", "") for name, given in action["inputs"].items()}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        (found,) = [item for item in action["runs"]["steps"] if item.get("name") == step]
        environment = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: values[match[1]], text)
            for name, text in found["env"].items()}
        assert "${{" not in found["run"], "inputs must reach the shell as variables only"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
            cwd=self.repository, env=self.environment | environment, check=False, text=True,
            capture_output=True, timeout=60)


@pytest.fixture
def action(tmp_path: Path) -> Action:
    return Action(tmp_path)


def test_action_accepts_the_shipped_specs(action: Action) -> None:
    checked = action.run("Check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "::error" not in checked.stdout


def test_action_annotates_the_line_that_is_wrong(action: Action) -> None:
    action.edit("  - format: gptq", "  - format: gptk")
    checked = action.run("Check")
    assert checked.returncode == 1
    line = 1 + (action.repository / "specs/families/seed-oss.yaml").read_text(
        encoding="utf-8").splitlines().index("  - format: gptk")
    assert re.search(rf"(?m)^::error file=specs/families/seed-oss\.yaml,line={line},",
                     checked.stdout)


def test_action_summarises_what_changed(action: Action) -> None:
    base = action.git("rev-parse", "HEAD")
    action.edit("quantizations: [Int8, Int4, Int3]", "quantizations: [Int8, Int4]")
    action.commit()
    removed = action.run("Compare", base=base)
    assert removed.returncode == 1, removed.stderr
    assert "Int3" in action.summary.read_text(encoding="utf-8")

    harmless = action.run("Compare", base=base, fail_on="never")
    assert harmless.returncode == 0, harmless.stderr


def test_action_passes_a_change_of_words(action: Action) -> None:
    base = action.git("rev-parse", "HEAD")
    action.edit("open-source large language models", "open large language models")
    action.commit()
    compared = action.run("Compare", base=base)
    assert compared.returncode == 0, compared.stderr
    assert "seed-oss" in action.summary.read_text(encoding="utf-8")


def test_action_input_is_never_a_command(action: Action) -> None:
    mark = action.repository / "ran"
    action.run("Check", specs=f"specs; touch '{mark}'; $(touch '{mark}')")
    action.run("Compare", base="--help; $(touch ran)")
    assert not mark.exists()


def test_an_environment_made_by_hand_is_kept(tmp_path: Path) -> None:
    """The first guide makes `.venv`; what it installed there must outlive `make`."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    kept = tmp_path / ".venv/kept"
    kept.touch()
    done = subprocess.run(["make", ".venv/.ready"], cwd=tmp_path, text=True, capture_output=True,
                          check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert kept.exists()
    assert (tmp_path / ".venv/.ready").exists()
