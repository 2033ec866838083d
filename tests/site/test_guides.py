"""The guides, word for word: their commands are run in order, in a clone of the project.

Files that a guide shows are put where it says. Left out is what needs an engine, a network or an
installation, which other tests do for real.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import ROOT, Project

_STEP = re.compile(r"^ *(?:\$ (?P<command>.*)|\.\. example:: (?P<example>\S+))$", re.MULTILINE)
_ELSEWHERE = re.compile(
    r"runtime engines|runtime launch (?!--dry-run)|.*pytest .*test_robust|.*pip install")
#: Where a guide says to save the file that it shows.
_PLACES = {"my-family.yaml": "specs/families/my-family.yaml",
           "my-engine.yaml": "specs/engines/my-engine.yaml",
           "homepage_on_hub.py": "compiler/check/rules/homepage_on_hub.py"}


class Clone:
    """A clone with a remote, in which commands run as in a reader's shell."""

    def __init__(self, folder: Path) -> None:
        project = Project.copy(ROOT, folder / "modelbook")
        self.folder = project.folder
        shutil.copytree(ROOT / "tests", self.folder / "tests", ignore=shutil.ignore_patterns(
            "__pycache__", "golden", "bench"))
        runtime = self.folder / ".venv/bin/runtime"
        shutil.copy(self.folder / ".venv/bin/compiler", runtime)
        runtime.write_text(runtime.read_text().replace("compiler.cli", "runtime.cli"))
        (self.folder / ".gitignore").write_text(".venv\n__pycache__\ndocs/generated\n")
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "MODELBOOK", "GIT_"))} | {
            "PATH": f"{self.folder}/.venv/bin:{os.environ['PATH']}",
            "MODELBOOK_HOME": str(folder / "home"), "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1", "XDG_CACHE_HOME": str(folder / "cache")}
        (folder / ".gitconfig").write_text("[user]\nname = Someone\nemail = someone@example.org\n")
        self.done("git init -q --bare ../origin.git")
        self.done("git init -q -b main && git add . && git commit -qm Start")
        self.done("git remote add origin ../origin.git && git push -q origin main")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment,
                              text=True, capture_output=True, check=False, timeout=300)

    def done(self, command: str) -> str:
        """Run what must succeed; returns what it printed."""
        done = self.run(command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


def steps(guide: str) -> Iterator[tuple[str, str]]:
    """`command` and `example` steps of a guide, in its order."""
    text = (ROOT / f"docs/guides/{guide}.rst").read_text(encoding="utf-8")
    for match in _STEP.finditer(text):
        kind = "command" if match["command"] else "example"
        yield kind, match[kind]


def follow(clone: Clone, guide: str) -> dict[str, str]:
    """Do what the guide says; returns what each command printed."""
    printed = {}
    for kind, what in steps(guide):
        if kind == "example" and what in _PLACES:
            source = ROOT / "docs/examples" / what
            shutil.copy(source, clone.folder / _PLACES[what])
        elif kind == "command" and what == "make docs":
            clone.done("compiler build --out docs/generated")  # it says so itself, below
        elif kind == "command" and not _ELSEWHERE.match(what):
            printed[what] = clone.done(what)
    return printed


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_add_a_family(clone: Clone) -> None:
    printed = follow(clone, "add-a-family")
    assert "1 change: 1 DOCS" in printed["compiler diff main"]
    assert "1 file checked, 0 errors, 0 warnings" in printed[
        "compiler check specs/families/my-family.yaml"]
    plan = next(text for command, text in printed.items() if "--dry-run" in command)
    assert "my-org/My-Family-0.5B-Instruct-GGUF" in plan
    assert "my-family: is new, with 2 specs" in printed["compiler diff main"]
    pushed = clone.done("git -C ../origin.git diff --stat main my-family")
    assert "specs/families/my-family.yaml" in pushed
    assert "1 file changed" in pushed


def test_write_an_engine_spec(clone: Clone) -> None:
    printed = follow(clone, "write-an-engine-spec")
    assert "engine my-engine: is new" in printed["compiler diff HEAD"]
    family = clone.folder / "specs/families/seed-oss.yaml"
    text = family.read_text(encoding="utf-8")
    start = text.index("  - format: gptq")
    end = text.index("    hubs:", start)
    family.write_text(f"{text[:end]}    engines: [my-engine]\n{text[end:]}", encoding="utf-8")
    checked = clone.run("compiler check --no-info specs/families/seed-oss.yaml")
    assert checked.returncode == 1
    assert "error[MB301]: my-engine has no loader for gptq" in checked.stdout


def test_write_a_rule(clone: Clone) -> None:
    printed = follow(clone, "write-a-rule")
    assert "MB290 homepage-on-hub (warning)" in printed["compiler explain MB290"]
    tests = ".venv/bin/python -m pytest -q tests/compiler/check/test_rules.py -k MB290"
    assert re.search(r"\b[1-9]\d* passed", printed[tests])
    family = clone.folder / "specs/families/seed-oss.yaml"
    family.write_text(re.sub(r"(?m)^specs:", "homepage: https://huggingface.co/org/x\n\nspecs:",
                             family.read_text(encoding="utf-8")), encoding="utf-8")
    checked = clone.done("compiler check --no-info specs/families/seed-oss.yaml")
    assert "warning[MB290]: huggingface.co is a hub, not the lab's own page" in checked


def test_what_the_guides_tell_of_gpus_can_be_planned(clone: Clone) -> None:
    """Without a GPU only the choice can be tried: vLLM loads every combination that is named."""
    clone.done("compiler build --out docs/generated")
    named = set()
    for kind, command in steps("run-on-gpus"):
        if kind == "command" and (match := re.search(
                r"--model-format (\S+) --quantization (\S+)", command)):
            named.add(f"36/{match[1]}/{match[2]}/vLLM")
    assert named == {"36/gptq/Int4/vLLM", "36/pytorch/none/vLLM"}
    shown = clone.done("runtime show seed-oss --format json")
    for name in named:
        assert f'"seed-oss/{name}"' in shown
