"""`compiler build` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.emit import outputs, profiles
from runtime.manifest import load
from tests.support.pages import ROOT, family_yaml


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A copy of the project's specs with its first two families."""
    folder = tmp_path / "my specs"
    shutil.copytree(ROOT / "specs/engines", folder / "engines")
    shutil.copy(ROOT / "specs/formats.yaml", folder)
    (folder / "families").mkdir()
    for name in ("seed-oss", "smollm2"):
        shutil.copy(ROOT / f"specs/families/{name}.yaml", folder / "families")
    return folder


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*")) if path.is_file()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_it_writes_pages_and_manifest_and_says_so(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "2 families: 6 files new" in said
    assert str(out / "manifest.json") in said
    manifest = load(out / "manifest.json")
    assert [family.name for family in manifest.families] == ["seed-oss", "smollm2"]
    seed = manifest.families[0]
    assert (seed.source.file, seed.source.line) == ("families/seed-oss.yaml", 2)
    lines = (specs / "families/seed-oss.yaml").read_text().splitlines()
    for spec in seed.specs:
        assert f"- format: {spec.format}" in lines[spec.source.line - 1]
    assert (out / "models/llm/index.rst").is_file()


def test_the_default_output_folder_is_build(
        specs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    specs.rename(tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    assert (tmp_path / "build/manifest.json").is_file()


def test_a_second_build_touches_nothing(specs: Path, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]):
    arguments = ["build", "--specs", str(specs), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    before = tree(tmp_path / "out")
    assert main(arguments) == 0
    assert tree(tmp_path / "out") == before
    assert "6 files unchanged" in capsys.readouterr().out


def test_a_removed_family_takes_its_page_with_it(specs: Path, tmp_path: Path):
    out = tmp_path / "out"
    arguments = ["build", "--specs", str(specs), "--out", str(out)]
    assert main(arguments) == 0
    (out / "models/llm/mine.rst").write_text("mine")
    (specs / "families/seed-oss.yaml").unlink()
    assert main(arguments) == 0
    assert sorted(path.name for path in (out / "models/llm").iterdir()) == [
        "index.rst", "mine.rst", "smollm2.rst"]


@pytest.mark.parametrize(("old", "new"), [
    ("context_length: 8192", "context_lenght: 8192"),  # the schema
    ("languages: [en]", "languages: [en"),  # the YAML
    ("quantizations: [Q4_1]", "quantizations: [Q4_9]"),  # a rule
])
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_broken_spec_stops_it_with_its_place_and_leaves_the_output(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str,
        style: str):
    out = tmp_path / "out"
    arguments = ["build", "--specs", str(specs), "--out", str(out), "--format", style]
    assert main(arguments) == 0
    before = tree(out)
    capsys.readouterr()
    edit(specs / "families/smollm2.yaml", old, new)
    assert main(arguments) == 1
    said = capsys.readouterr().out
    if style == "json":
        said = json.dumps(json.loads(said))
    assert "smollm2.yaml" in said
    assert "MB" in said
    assert tree(out) == before


def test_an_imported_catalogue_is_built_as_it_is_when_asked(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["build", "--specs", str(specs), "--out", str(tmp_path / "out"), "--keep-claims"]
    edit(specs / "families/smollm2.yaml", "quantizations: [bf16]",
         "quantizations: [bf16]\n    engines: [llama.cpp, MLX]")
    assert main(arguments[:-1]) == 1
    assert not (tmp_path / "out").exists()
    capsys.readouterr()
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "error[MB301]" in said.err
    assert "2 families" in said.out
    page = (tmp_path / "out/models/llm/smollm2.rst").read_text()
    assert "- **Engines:** llama.cpp (refuted), MLX" in page
    claims = load(tmp_path / "out/manifest.json").families[1].specs[1].engines
    assert claims[0].refuted["bf16"].startswith("MB301 ")
    edit(specs / "families/smollm2.yaml", "context_length", "context_lenght")
    assert main(arguments) == 1


def test_text_that_a_profile_refuses_leaves_the_output(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    arguments = ["build", "--specs", str(specs), "--out", str(out), "--profile", "xinference"]
    assert main(arguments) == 0
    before = tree(out)
    (specs / "families/demo.yaml").write_text(family_yaml("demo", ".. include:: /etc/passwd"))
    assert main(arguments) == 1
    assert "families/demo.yaml:1" in capsys.readouterr().err
    assert tree(out) == before


def test_check_shows_the_drift_and_writes_nothing(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    arguments = ["build", "--specs", str(specs), "--out", str(out)]
    assert main([*arguments, "--check"]) == 1
    assert not out.exists()
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    before = tree(out)
    edit(specs / "families/smollm2.yaml", "context_length: 8192", "context_length: 4096")
    (specs / "families/seed-oss.yaml").unlink()
    capsys.readouterr()
    assert main([*arguments, "--check"]) == 1
    said = capsys.readouterr().out.splitlines()
    changed = f"{out.as_posix()}/models/llm/smollm2.rst"
    assert said[said.index(f"--- {changed}") + 1] == f"+++ {changed}"
    assert "-- **Context Length:** 8192" in said
    assert "+- **Context Length:** 4096" in said
    assert f"--- {out.as_posix()}/models/llm/seed-oss.rst" in said
    assert "+++ /dev/null" in said
    assert tree(out) == before
    assert main([*arguments, "--check", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["stale"] == ["models/llm/seed-oss.rst"]
    assert "models/llm/smollm2.rst" in answer["changed"]


@pytest.mark.parametrize("arguments", [
    ["--specs", "nowhere"], ["--profile", "nothing"], ["--out"], ["--format", "yaml"], ["extra"]])
def test_misuse_is_exit_code_2(specs: Path, tmp_path: Path, arguments: list[str]):
    assert main(["build", "--specs", str(specs), "--out", str(tmp_path / "o"), *arguments]) == 2
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("where", ["/", "specs", "specs/families"])
def test_nothing_is_written_among_sources_or_at_the_root(
        specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str):
    out = Path("/") if where == "/" else specs.joinpath(*Path(where).parts[1:])
    before = sorted(specs.rglob("*"))
    assert main(["build", "--specs", str(specs), "--out", str(out), "--check"]) == 2
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 2
    assert "name a folder of its own" in capsys.readouterr().err
    assert sorted(specs.rglob("*")) == before


@pytest.mark.parametrize("profile", profiles.names())
def test_bytes_depend_on_nothing_but_the_specs(specs: Path, tmp_path: Path, profile: str):
    made = []
    moved = tmp_path / "elsewhere"
    shutil.copytree(specs, moved / "specs")
    for seed, cwd, where in (("1", tmp_path, str(specs)), ("2", moved, "specs")):
        out = tmp_path / f"out{seed}"
        done = subprocess.run(
            [sys.executable, "-m", "compiler.cli", "build", "--specs", where, "--out", str(out),
             "--profile", profile], cwd=cwd, check=False, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC{seed}",
                 "LC_ALL": "C"})
        assert done.returncode == 0, done.stderr
        made.append({path: data for path, (data, _) in tree(out).items()})
    assert made[0] == made[1]


def test_each_profile_gives_the_same_manifest(specs: Path, tmp_path: Path):
    for profile in profiles.names():
        assert main(["build", "--specs", str(specs), "--out", str(tmp_path / profile),
                     "--profile", profile]) == 0
    assert len({(tmp_path / profile / outputs.MANIFEST).read_bytes()
                for profile in profiles.names()}) == 1
