"""The distribution as users get it: built, installed away from the checkout, and run."""

from __future__ import annotations

import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from runtime import manifest
from tests.support.project import ROOT, Run

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def wheel(source: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built through the source distribution as a release is."""
    work = tmp_path_factory.mktemp("wheel")
    build = f"import hatchling.build as build; print(build.build_sdist({str(work)!r}))"
    packed = run(sys.executable, "-c", build, cwd=source)
    assert packed.returncode == 0, packed.stderr
    with tarfile.open(work / packed.stdout.split()[-1]) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    built = run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir",
                work / "dist", unpacked, cwd=work)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = (work / "dist").glob("modelbook-*.whl")
    return found


def test_wheel_holds_what_a_checkout_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        compiled = manifest.decode(archive.read("runtime/data/manifest.json"))
    assert {family.name for family in compiled.families} >= {"seed-oss", "smollm2"}
    assert "compiler/schema/family.schema.json" in names
    assert "compiler/_data/specs/formats.yaml" in names
    for engine in (ROOT / "specs/engines").glob("*.yaml"):
        assert f"compiler/_data/specs/engines/{engine.name}" in names
    for template in (path for path in (ROOT / "templates").rglob("*") if path.is_file()):
        assert f"compiler/_data/templates/{template.relative_to(ROOT / 'templates')}" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", ".ci"))]


def test_installed_programs_work_away_from_the_checkout(
    wheel: Path, run: Run, tmp_path: Path
) -> None:
    assert run(sys.executable, "-m", "venv", "env", cwd=tmp_path).returncode == 0
    programs = tmp_path / "env" / "bin"
    installed = run(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    away = tmp_path / "elsewhere"
    away.mkdir()
    home = str(tmp_path / "home")

    listed = run(programs / "runtime", "list", "--format", "json", cwd=away, MODELBOOK_HOME=home)
    assert listed.returncode == 0, listed.stderr
    assert "smollm2" in json.dumps(json.loads(listed.stdout))

    planned = run(programs / "runtime", "launch", "--dry-run", "--force",
                   "--model-engine", "llama.cpp", "--model-name", "smollm2",
                   "--size-in-billions", "0_135", "--model-format", "ggufv2",
                   "--quantization", "Q4_1", cwd=away, MODELBOOK_HOME=home)
    assert "Traceback" not in planned.stderr

    # A catalogue of one family: engines, formats and templates come from the wheel.
    family = away / "specs" / "families" / "seed-oss.yaml"
    family.parent.mkdir(parents=True)
    family.write_bytes((ROOT / "specs/families/seed-oss.yaml").read_bytes())
    checked = run(programs / "compiler", "check", "specs", cwd=away)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    built = run(programs / "compiler", "build", "--specs", "specs", "--out", "out", cwd=away)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (away / "out/models/llm/seed-oss.rst").is_file()
