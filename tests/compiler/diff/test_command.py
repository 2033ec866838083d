from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.diff import sides
from compiler.finding import Severity
from runtime.manifest import encode
from tests.compiler.diff.repo import DEMO, Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = Repo(tmp_path / "a repository")
    monkeypatch.chdir(made.folder)
    return made


def changes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    main(["diff", "--format", "json", "--fail-on", "never", *arguments])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["changes"]
    return found


def test_a_revision_against_the_specs_on_disk(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "main"]) == 0
    assert "The two catalogues promise the same." in capsys.readouterr().out
    repo.edit("Q4_K_M, Q8_0", "Q4_K_M")
    assert main(["diff", "main"]) == 1
    out = capsys.readouterr().out
    assert "REMOVED (1)" in out
    assert "demo/1_8/ggufv2/Q8_0: quantization was removed (it was never deprecated)" in out


def test_two_revisions(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.edit("131072", "8192")
    repo.commit("second")
    (repo.specs / "families" / "demo.yaml").write_text("not what is compared")
    [change] = changes(capsys, "main~1", "main")
    assert (change["grade"], change["field"], change["old"], change["new"]) == (
        "launch", "context_length", 131072, 8192)
    assert change["source"] == {"file": "families/demo.yaml", "line": 1}


def test_from_another_folder_through_specs(
    repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(repo.folder, target_is_directory=True)
    repo.edit("A model.", "Another.")
    for specs in (repo.specs, link / "specs"):
        [change] = changes(capsys, "main", "--specs", str(specs))
        assert change["grade"] == "docs"


def test_a_specs_folder_that_is_gone_from_disk(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    repo.git("mv", "specs", "elsewhere")
    assert changes(capsys, "main", "elsewhere") == []


def test_folders_checkouts_and_manifests(
    repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(encode(sides.read("specs", repo.specs).compiled()))
    other = Repo(tmp_path / "other")
    other.edit("org/demo\n", "org/demo2\n")
    for base in ("specs", str(manifest), str(repo.folder)):
        for head in (str(other.specs), str(other.folder)):
            [change] = changes(capsys, base, head)
            assert (change["kind"], change["field"]) == ("hub-changed", "repo_id")
    assert changes(capsys, "specs", str(manifest)) == []


def test_a_path_wins_over_a_revision_unless_git_is_said(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    (repo.folder / "main" / "families").mkdir(parents=True)
    repo.edit("131072", "8192")
    assert main(["diff", "main"]) == 2
    assert "main holds no family" in capsys.readouterr().err
    [change] = changes(capsys, "git:main")
    assert change["field"] == "context_length"


@pytest.mark.parametrize(("arguments", "said"), [
    (["no-such-branch"], "neither a path nor a git revision 'no-such-branch'"),
    (["git:--upload-pack=touch pwned"], "neither a path nor a git revision"),
    (["git:--help"], "neither a path nor a git revision"),
    (["git:"], "neither a path nor a git revision"),
    ([""], "is empty"),
    (["main", "--specs", "nowhere"], "main has no folder nowhere"),
    (["specs", "--specs", "nowhere"], "there is no specs folder at nowhere"),
    (["specs/families/demo.yaml"], "is one spec, not a catalogue"),
    (["main", "--today", "tomorrow"], "is not a date"),
    (["main", "--fail-on", "grave"], "invalid choice"),
])
def test_misuse(
    repo: Repo, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", *arguments]) in (1, 2)
    assert said in capsys.readouterr().err
    assert not (repo.folder / "pwned").exists()


def test_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["diff", "main", "git:main"]) == 2
    assert "is not in a git repository" in capsys.readouterr().err


def test_a_shallow_clone_is_told_to_fetch(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo.edit("A model.", "Another.")
    repo.commit("second")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repo.folder.as_uri(), clone],
                   check=True, capture_output=True)
    monkeypatch.chdir(clone)
    assert main(["diff", "main~1"]) == 2
    assert "fetch-depth: 0" in capsys.readouterr().err


def test_a_hooks_environment_does_not_mislead(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "none"))
    assert main(["diff", "main"]) == 0


def test_links_and_odd_names_in_a_revision_are_no_specs(repo: Repo) -> None:
    (repo.specs / "families" / "link.yaml").symlink_to("/etc/passwd")
    (repo.specs / "families" / "new\nline é.yaml").write_text(DEMO.replace("demo", "odd"))
    repo.commit("odd")
    side = sides.read("git:main", Path("specs"))
    assert "families/link.yaml" not in side.documents
    assert "families/new\nline é.yaml" in side.documents


def test_errors_in_head_stop_the_comparison(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    repo.edit("context_length: 131072", "context_length: many")
    assert main(["diff", "main"]) == 1
    out = capsys.readouterr()
    assert "specs/families/demo.yaml:2:17: error[" in out.err
    assert "HEAD (specs) has 1 error" in out.err
    assert out.out == ""
    main(["diff", "main", "--format", "markdown"])
    assert "cannot be compared" in capsys.readouterr().out
    main(["diff", "main", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "cannot-compare"


def test_errors_in_base_leave_their_files_out(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    repo.write("name: [\n", name="broken")
    (repo.specs / "engines" / "vllm.yaml").rename(repo.folder / "vllm.yaml")
    (repo.specs / "engines" / "vllm.yaml").write_text("name: vLLM\n")
    repo.commit("broken")
    repo.write(DEMO.replace("demo", "broken"), name="broken")
    (repo.folder / "vllm.yaml").rename(repo.specs / "engines" / "vllm.yaml")
    repo.edit("131072", "8192")
    assert main(["diff", "main", "--fail-on", "removed"]) == 0
    out = capsys.readouterr()
    assert "main:specs/families/broken.yaml:1:" in out.err
    assert "note: BASE has errors in engines/vllm.yaml, families/broken.yaml" in out.out
    assert "1 change: 1 LAUNCH" in out.out


@pytest.mark.parametrize(("edit", "grade"), [
    (("A model.", "Another."), 1), (("131072", "8192"), 2), (("Q4_K_M, Q8_0", "Q4_K_M"), 3),
])
@pytest.mark.parametrize(("fail_on", "limit"), [
    ("docs", 1), ("launch", 2), ("removed", 3), ("REMOVED", 3), ("never", 4), ("none", 4)])
def test_fail_on(
    repo: Repo, edit: tuple[str, str], grade: int, fail_on: str, limit: int,
) -> None:
    repo.edit(*edit)
    assert main(["diff", "main", "--fail-on", fail_on]) == (1 if grade >= limit else 0)


def test_today_decides_about_announced_removals(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    notice = """\
    deprecated_quantizations:
      Q8_0: {since: 2026-01-01, reason: Too large., remove_after: 2026-07-01}
"""
    repo.write(DEMO + notice)
    repo.commit("announce")
    repo.write(DEMO.replace("Q4_K_M, Q8_0", "Q4_K_M"))
    assert main(["diff", "main", "--today", "2026-06-30"]) == 1
    assert "removal before its time" in capsys.readouterr().out
    assert main(["diff", "main", "--today", "2026-07-01"]) == 0
    assert "LAUNCH (1)" in capsys.readouterr().out


def test_markdown_for_a_comment(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.edit("Q4_K_M, Q8_0", "Q4_K_M")
    repo.edit("131072", "8192")
    repo.edit("A model.", "'<b>@team</b> #1 `x`'")
    main(["diff", "main", "--format", "markdown"])
    out = capsys.readouterr().out
    heads = [line for line in out.split("\n") if line.startswith("#")]
    assert [head.split(":")[0] for head in heads] == [
        "## What this changes in the catalogue", "### Removed", "### Launch", "### Docs"]
    # What specs say stands in code, where it is neither markup nor a mention.
    assert '``"<b>@team</b> #1 `x`"``' in out


def test_findings_of_a_side_are_errors_with_places(repo: Repo) -> None:
    repo.write("name: x\nnmae: y\n", name="broken")
    side = sides.read(None, Path("specs"))
    assert {error.severity for error in side.errors} == {Severity.ERROR}
    assert all(error.span.line >= 1 for error in side.errors)


def test_locks_of_a_revision_are_read(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is locked anew that was locked before."""
    shipped = Path(__file__).parents[3] / "specs"
    repo.write((shipped / "families/smollm2.yaml").read_text("utf-8"), "smollm2")
    lock = repo.specs / "locks/smollm2.lock.json"
    lock.parent.mkdir()
    lock.write_bytes((shipped / "locks/smollm2.lock.json").read_bytes())
    repo.commit("locked")
    assert changes(capsys, "HEAD") == []
    lock.unlink()
    assert changes(capsys, "HEAD"), "that the lock is gone is a change"
