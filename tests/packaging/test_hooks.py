"""The pre-commit hooks as another repository gets them: installed by pre-commit itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT, Run

pytestmark = pytest.mark.network


def test_hooks_check_and_format_another_repository(
    source: Path, run: Run, tmp_path: Path
) -> None:
    def git(folder: Path, *words: str) -> None:
        done = run("git", "-c", "user.name=T", "-c", "user.email=t@example.org", *words, cwd=folder)
        assert done.returncode == 0, done.stderr

    def commit(folder: Path) -> None:
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "state")

    def hook(name: str) -> tuple[int, str]:
        done = run(sys.executable, "-m", "pre_commit", "try-repo", hooks, name, "--all-files",
                   cwd=other, PRE_COMMIT_HOME=str(tmp_path / "home"))
        return done.returncode, done.stdout + done.stderr

    hooks = tmp_path / "hooks"
    run("cp", "-r", source, hooks, cwd=tmp_path)
    commit(hooks)
    other = tmp_path / "other"
    family = other / "specs" / "families" / "seed-oss.yaml"
    family.parent.mkdir(parents=True)
    text = (ROOT / "specs/families/seed-oss.yaml").read_text(encoding="utf-8")
    family.write_text(text, encoding="utf-8")
    commit(other)

    code, said = hook("modelbook-check")
    assert code == 0, said
    family.write_text(text.replace("- format: gptq", "- format: gptk"), encoding="utf-8")
    code, said = hook("modelbook-check")
    assert code == 1, said
    assert "specs/families/seed-oss.yaml:" in said

    family.write_text(text.replace("context_length: ", "context_length:   "), encoding="utf-8")
    code, said = hook("modelbook-fmt")
    assert code == 1, said
    assert "files were modified by this hook" in said
