"""Pages and manifest of known specs, byte for byte.

`make golden` (or `pytest tests/golden --update-golden`) writes the expected files anew.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from compiler.cli import main
from runtime.manifest import load
from tests.support.pages import ROOT, build_html

HERE = Path(__file__).parent
EXPECTED = HERE / "modelbook"


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two families as the project has them, and one that uses everything a page can say.

    The engines are a copy too, so that what is expected changes only when the compiler does.
    """
    folder = tmp_path_factory.mktemp("golden") / "specs"
    shutil.copytree(HERE / "specs", folder)
    return folder


@pytest.fixture(scope="module")
def built(specs: Path) -> Path:
    out = specs.parent / "modelbook"
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    return out


def test_the_launchers_page_is_reproduced_byte_for_byte(specs: Path, tmp_path: Path):
    assert main(["build", "--specs", str(specs), "--profile", "xinference",
                 "--out", str(tmp_path)]) != 0  # the showcase would act on such a page
    (specs / "families/showcase.yaml").rename(tmp_path / "showcase.yaml")
    try:
        assert main(["build", "--specs", str(specs), "--profile", "xinference",
                     "--out", str(tmp_path)]) == 0
    finally:
        (tmp_path / "showcase.yaml").rename(specs / "families/showcase.yaml")
    page = tmp_path / "models/llm/seed-oss.rst"
    assert page.read_bytes() == (HERE / "seed-oss.rst").read_bytes()


def test_the_specs_of_the_project_give_that_page_too(tmp_path: Path):
    assert main(["build", "--specs", str(ROOT / "specs"), "--profile", "xinference",
                 "--out", str(tmp_path)]) == 0
    page = tmp_path / "models/llm/seed-oss.rst"
    assert page.read_bytes() == (HERE / "seed-oss.rst").read_bytes()


def test_pages_and_manifest_are_as_expected(built: Path, request: pytest.FixtureRequest):
    got = {path.relative_to(built): path.read_bytes() for path in sorted(built.rglob("*"))
           if path.is_file() and not path.name.startswith(".")}
    if request.config.getoption("--update-golden", default=False):
        shutil.rmtree(EXPECTED, ignore_errors=True)
        for path, data in got.items():
            (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
            (EXPECTED / path).write_bytes(data)
    expected = {path.relative_to(EXPECTED): path.read_bytes()
                for path in sorted(EXPECTED.rglob("*")) if path.is_file()}
    assert sorted(got) == sorted(expected)
    for path, data in expected.items():
        assert got[path].decode() == data.decode(), f"{path} differs; `make golden` accepts it"


def test_the_expected_pages_build_without_a_warning(built: Path, tmp_path: Path):
    pages = {path.relative_to(built).as_posix(): path.read_text(encoding="utf-8")
             for path in built.rglob("*.rst")}
    build_html(tmp_path, pages)


def test_every_command_on_a_page_is_a_combination_of_the_manifest(built: Path):
    manifest = load(built / "manifest.json")
    families = {family.name: family for family in manifest.families}
    seen = 0
    for page in (built / "models/llm").glob("*.rst"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if not line.startswith("   runtime launch"):
                continue
            words = shlex.split(line)
            options = dict(zip(words[2::2], words[3::2], strict=True))
            specs = [spec for spec in families[options["--model-name"]].specs
                     if (spec.format, spec.size_in_billions, spec.variant) == (
                         options["--model-format"], options["--size-in-billions"],
                         options.get("--variant"))]
            assert len(specs) == 1
            claims = [claim for claim in specs[0].engines
                      if claim.engine == options["--model-engine"]]
            assert options["--quantization"] in claims[0].quantizations
            assert options["--quantization"] not in claims[0].refuted
            seen += 1
    assert seen >= 12
