"""Which files a check reads, what it takes them for, and what it refuses to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.catalogue import load
from runtime.errors import MisuseError
from tests.support.yaml_specs import FAMILY, family

ROOT = Path(__file__).parents[2]


def codes(folder: Path, *paths: str) -> list[tuple[str, str]]:
    catalogue = load(folder / "specs", [folder / path for path in paths])
    return [(Path(found.file).name, found.code) for found in catalogue.findings
            if found.file not in catalogue.neighbours]


def test_the_shipped_specs() -> None:
    catalogue = load(ROOT / "specs")
    assert not catalogue.findings
    assert catalogue.complete
    kinds = {document.kind for document in catalogue.documents}
    assert kinds == {"family", "engine", "formats"}
    relatives = [document.relative for document in catalogue.documents]
    assert "families/seed-oss.yaml" in relatives
    assert relatives == sorted(relatives)
    assert len(catalogue.checked) == len(catalogue.documents)


def test_a_lone_file_is_a_family_with_the_shipped_engines(tmp_path: Path) -> None:
    path = tmp_path / "my model.yaml"
    path.write_text(FAMILY, encoding="utf-8")
    catalogue = load(None, [path])
    assert catalogue.checked == [path.as_posix()]
    assert {document.kind for document in catalogue.documents} == {"family", "engine", "formats"}
    assert not catalogue.findings


def test_a_family_of_a_folder_comes_with_its_neighbours(tmp_path: Path) -> None:
    family(tmp_path, FAMILY.replace("demo", "other"), "other")
    one = family(tmp_path)
    engines = tmp_path / "specs/engines"
    engines.mkdir()
    text = (ROOT / "specs/engines/llama.cpp.yaml").read_text(encoding="utf-8")
    (engines / "llama.cpp.yaml").write_text(text, encoding="utf-8")
    catalogue = load(None, [one])
    assert catalogue.checked == [one.as_posix()]
    names = [document.relative for document in catalogue.documents]
    assert names == ["engines/llama.cpp.yaml", "families/demo.yaml", "families/other.yaml",
                     "formats.yaml"]


def test_folders_and_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family(tmp_path)
    monkeypatch.chdir(tmp_path)
    for path in ("specs", "specs/families", "specs/families/*.yaml", "**/*.yaml"):
        assert load(None, [path]).checked == ["specs/families/demo.yaml"], path
    monkeypatch.chdir(tmp_path / "specs/families")
    catalogue = load(None, ["demo.yaml"])
    assert catalogue.checked == ["demo.yaml"]
    assert [document.relative for document in catalogue.documents][-2:] == [
        "families/demo.yaml", "formats.yaml"]
    monkeypatch.chdir(tmp_path / "specs")
    assert load(None, ["families/demo.yaml"]).checked == ["families/demo.yaml"]
    assert load(None, ["."]).checked == ["families/demo.yaml"]


def test_files_that_would_be_ignored_are_reported(tmp_path: Path) -> None:
    path = family(tmp_path)
    (path.parent / "b.yml").write_text("x", encoding="utf-8")
    (path.parent / "C.YAML").write_text("x", encoding="utf-8")
    (path.parent / "sub").mkdir()
    (path.parent / "sub" / "d.yaml").write_text("x", encoding="utf-8")
    (tmp_path / "specs" / "e.yaml").write_text("x", encoding="utf-8")
    (path.parent / "notes.md").write_text("x", encoding="utf-8")
    assert codes(tmp_path) == [
        ("e.yaml", "MB018"), ("C.YAML", "MB018"), ("b.yml", "MB018"), ("d.yaml", "MB018")]


def test_symbolic_links(tmp_path: Path) -> None:
    path = family(tmp_path)
    outside = tmp_path / "outside.yaml"
    outside.write_text(FAMILY, encoding="utf-8")
    (path.parent / "out.yaml").symlink_to(outside)
    (path.parent / "in.yaml").symlink_to(path)
    (path.parent / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    (path.parent / "loop.yaml").symlink_to(path.parent / "loop.yaml")
    assert codes(tmp_path) == [
        ("gone.yaml", "MB017"), ("loop.yaml", "MB017"), ("out.yaml", "MB019")]
    assert codes(tmp_path, "specs/families/out.yaml") == [("out.yaml", "MB019")]


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    path = family(tmp_path)
    os.mkfifo(path.parent / "pipe.yaml")
    assert codes(tmp_path) == [("pipe.yaml", "MB017")]


def test_a_catalogues_own_formats_decide(tmp_path: Path) -> None:
    path = family(tmp_path, FAMILY.replace("pytorch", "exl3"))
    assert [found.code for found in load(tmp_path / "specs").findings] == ["MB104"]
    (tmp_path / "specs/formats.yaml").write_text(
        "formats:\n  exl3: {title: EXL3, description: Files., layout: folder,"
        " quantizations: [none]}\n", encoding="utf-8")
    assert not load(tmp_path / "specs").findings
    assert not load(None, [path]).findings


def test_a_broken_file_leaves_the_catalogue_incomplete(tmp_path: Path) -> None:
    family(tmp_path, "name: [", "broken")
    family(tmp_path)
    catalogue = load(tmp_path / "specs")
    assert not catalogue.families_complete
    assert catalogue.complete
    assert "families/broken.yaml" not in [document.relative for document in catalogue.documents]


def test_nothing_there(tmp_path: Path) -> None:
    for call in ([None, [tmp_path / "no"]], [tmp_path / "no", []], [None, [f"{tmp_path}/*.yaml"]],
                 [tmp_path, []]):
        with pytest.raises(MisuseError):
            load(*call)  # type: ignore[arg-type]


def test_a_folder_without_specs_is_refused_beside_broken_families(tmp_path: Path) -> None:
    """A folder that happens to be called `dir.yaml` is no file to check."""
    family(tmp_path, "name: [", "broken")
    folder = tmp_path / "specs/families/dir.yaml"
    folder.mkdir()
    with pytest.raises(MisuseError, match=r"no specs in .*dir\.yaml"):
        load(tmp_path / "specs", [folder])


def test_of_a_checkout_only_the_specs_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow = tmp_path / ".github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("name: ci\n", encoding="utf-8")
    (tmp_path / "compose.yml").write_text("services: {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MisuseError, match="no specs in"):
        load(None, ["."])
    family(tmp_path)
    catalogue = load(None, ["."])
    assert catalogue.checked == ["specs/families/demo.yaml"]
    assert not catalogue.findings
    assert catalogue.skipped == ["compose.yml", ".github/workflows/ci.yml"]


def test_a_folder_of_families_and_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "demo.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "other.yml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "compose.yml").write_text("services: {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    catalogue = load(None, ["."])
    assert catalogue.checked == ["demo.yaml"]
    assert [found.file for found in catalogue.findings] == ["other.yml"]
    assert catalogue.skipped == ["compose.yml"]
