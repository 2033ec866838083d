"""The distribution as users get it: built, installed away from the checkout, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from runtime import manifest
from tests.support.project import ROOT

pytestmark = pytest.mark.network


def _run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "MODELBOOK"))}
    return subprocess.run([str(word) for word in command], cwd=cwd, env=bare | environment,
                          text=True, capture_output=True, check=False, timeout=600)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built through the source distribution as a release is."""
    work = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    source = work / "source"
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    packed = _run(sys.executable, "-c", "import hatchling.build as b; print(b.build_sdist('dist'))",
                  cwd=source)
    assert packed.returncode == 0, packed.stderr
    with tarfile.open(source / "dist" / packed.stdout.split()[-1]) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (source,) = (work / "unpacked").iterdir()
    built = _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir",
                 work / "dist", source, cwd=work)
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


def test_installed_programs_work_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    assert _run(sys.executable, "-m", "venv", "env", cwd=tmp_path).returncode == 0
    programs = tmp_path / "env" / "bin"
    installed = _run(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    away = tmp_path / "elsewhere"
    away.mkdir()
    home = str(tmp_path / "home")

    listed = _run(programs / "runtime", "list", "--format", "json", cwd=away, MODELBOOK_HOME=home)
    assert listed.returncode == 0, listed.stderr
    assert "smollm2" in json.dumps(json.loads(listed.stdout))

    planned = _run(programs / "runtime", "launch", "--dry-run", "--force",
                   "--model-engine", "llama.cpp", "--model-name", "smollm2",
                   "--size-in-billions", "0_135", "--model-format", "ggufv2",
                   "--quantization", "Q4_1", cwd=away, MODELBOOK_HOME=home)
    assert "Traceback" not in planned.stderr

    # A catalogue of one family: engines, formats and templates come from the wheel.
    family = away / "specs" / "families" / "seed-oss.yaml"
    family.parent.mkdir(parents=True)
    family.write_bytes((ROOT / "specs/families/seed-oss.yaml").read_bytes())
    checked = _run(programs / "compiler", "check", "specs", cwd=away)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    built = _run(programs / "compiler", "build", "--specs", "specs", "--out", "out", cwd=away)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (away / "out/models/llm/seed-oss.rst").is_file()
