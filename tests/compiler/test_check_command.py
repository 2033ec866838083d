"""`compiler check` as a command: exit codes, formats, and what it prints where."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.cli import main
from tests.support.yaml_specs import FAMILY, family

ROOT = Path(__file__).parents[2]
WARNS = FAMILY.replace("8192", "8192 # modelbook: ignore[MB256] nothing here")


@pytest.fixture(autouse=True)
def _no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def test_the_shipped_specs_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check"]) == 0
    assert main(["check", "--strict", "--no-info"]) == 0


def test_findings_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = family(tmp_path, FAMILY.replace("pytorch", "gguf2").replace("8192", "131_072"))
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}:2:17: error[MB101]: expected a whole number, got 131_072" in out
    assert f"{path}:8:13: error[MB104]: `format` cannot be gguf2; did you mean ggufv2?" in out
    assert " 8 |   - format: gguf2\n   |             ^~~~~\n" in out
    assert "1 file checked, 2 errors, 0 warnings" in out


def test_warnings_fail_only_when_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = family(tmp_path, WARNS)
    assert main(["check", str(path)]) == 0
    assert "1 file checked, 0 errors, 1 warning" in capsys.readouterr().out
    assert main(["check", "--strict", str(path)]) == 1


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_json_formats_are_one_document(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--format", name, str(family(tmp_path, WARNS))]) == 0
    json.loads(capsys.readouterr().out)


def test_in_a_workflow_annotations_come_beside_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    path = family(tmp_path, FAMILY.replace("8192", "0"))
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "error[MB106]" in out
    assert f"::error file={path}" in out
    assert main(["check", "--format", "text", str(path)]) == 1
    assert "::error" not in capsys.readouterr().out


def test_a_syntax_error_and_a_good_file_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    family(tmp_path, "name: [", "broken")
    family(tmp_path)
    assert main(["check", str(tmp_path / "specs")]) == 1
    out = capsys.readouterr().out
    assert "broken.yaml:1:7: error[MB006]" in out
    assert "2 files checked, 1 error" in out


def test_a_broken_neighbour_is_not_the_checked_files_fault(tmp_path: Path) -> None:
    family(tmp_path, "name: [", "broken")
    assert main(["check", str(family(tmp_path))]) == 0


def test_unknown_format_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "xml"]) == 2
    assert "xml" in capsys.readouterr().err


def test_every_code_of_reader_and_schema_is_explained() -> None:
    from compiler.check.codes import explanations
    from compiler.read import codes as read_codes
    from compiler.schema import codes as schema_codes

    for module in (read_codes, schema_codes):
        for name, code in vars(module).items():
            if name.isupper() and name != "EXPLANATIONS":
                assert code in explanations(), name


def test_as_a_process_from_another_folder_with_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    path = family(folder, FAMILY.replace("[chat]", "[Chat]"))
    done = subprocess.run(
        [sys.executable, "-m", "compiler.cli", "check", "specs"], cwd=folder, capture_output=True,
        text=True, check=False, env={"PYTHONPATH": str(ROOT), "PATH": "", "GITHUB_ACTIONS": ""})
    assert done.returncode == 1
    assert f"specs/families/{path.name}:4:13: error[MB104]" in done.stdout
    assert "\x1b[" not in done.stdout
    assert done.stderr == ""


def test_what_is_skipped_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    family(tmp_path)
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check", ".", "--no-info"]) == 0
    assert capsys.readouterr().out == (
        "1 file checked, 0 errors, 0 warnings, "
        "1 YAML file outside of the specs skipped (compose.yaml)\n")
