"""Half of the real catalogue: it comes back whole, and its pages come out byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from compiler.cli import main

CORPUS = os.environ.get("MODELBOOK_CORPUS", "")

pytestmark = pytest.mark.skipif(
    not CORPUS, reason="MODELBOOK_CORPUS names no folder with the corpus")


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as specs."""
    folder = tmp_path_factory.mktemp("imported")
    assert main(["import", "xinference", f"{CORPUS}/xinference-llm-dev.json",
                 "--out", str(folder)]) == 0
    return folder


def test_comes_back_whole(specs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert main(["export", "xinference", "--specs", str(specs), "--out", str(out)]) == 0
    original = json.loads(Path(CORPUS, "xinference-llm-dev.json").read_text(encoding="utf-8"))
    exported = json.loads(out.read_text(encoding="utf-8"))
    assert [family["model_name"] for family in exported] == [
        family["model_name"] for family in original]
    lost = [family["model_name"] for family, other in zip(original, exported, strict=True)
            if json.dumps(family, sort_keys=True) != json.dumps(other, sort_keys=True)]
    assert not lost


def test_is_formatted_as_fmt_would(specs: Path) -> None:
    assert main(["fmt", "--check", str(specs / "families")]) == 0


def test_states_nothing_twice(specs: Path) -> None:
    """Specs, with the engines that the original does not hold, are shorter than its JSON."""
    imported = sum(path.stat().st_size for path in (specs / "families").iterdir())
    original = json.loads(Path(CORPUS, "xinference-llm-dev.json").read_text(encoding="utf-8"))
    assert imported < len(json.dumps(original, ensure_ascii=False).encode())


def test_pages_and_index_are_those_that_it_publishes(specs: Path, tmp_path: Path) -> None:
    assert main(["build", "--specs", str(specs), "--profile", "xinference", "--keep-claims",
                 "--out", str(tmp_path)]) == 0
    folder = tmp_path / "models/llm"
    pages = json.loads(Path(CORPUS, "xinference-llm-dev-pages.json").read_text(encoding="utf-8"))
    wrong = [name for name, page in pages.items()
             if (folder / f"{name.lower()}.rst").read_bytes() != page.encode()]
    assert not wrong
    assert (folder / "index.rst").read_bytes() == Path(
        CORPUS, "xinference-llm-dev-index.rst").read_bytes()
    assert len(list(folder.iterdir())) == len(pages) + 1


def test_check_reports_what_the_engine_facts_refute(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    assert main(["check", str(specs), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    codes = {finding["code"] for finding in found}
    assert not {code for code in codes if code < "MB200"}
    assert codes & {"MB301", "MB302", "MB303", "MB304"}
