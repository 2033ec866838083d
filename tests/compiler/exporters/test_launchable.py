"""Engines that Modelbook knows but does not start: judged when claimed, promised nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from compiler.cli import main
from runtime.engines import MODULES

REPOSITORY = Path(__file__).parents[3]
ENGINES = sorted((REPOSITORY / "specs/engines").glob("*.yaml"))


@pytest.mark.parametrize("path", ENGINES, ids=lambda path: path.stem)
def test_an_engine_is_launchable_where_there_is_a_module_for_it(path: Path) -> None:
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert facts.get("launchable", True) == (facts["name"].lower() in MODULES)


def page(tmp_path: Path, engines: str = "") -> str:
    """SmolLM2's page, with the first spec's `engines:` as given."""
    specs = tmp_path / "specs"
    shutil.copytree(REPOSITORY / "specs/engines", specs / "engines", dirs_exist_ok=True)
    (specs / "families").mkdir(exist_ok=True)
    text = (REPOSITORY / "specs/families/smollm2.yaml").read_text(encoding="utf-8")
    first = "    hubs:\n      huggingface: {}\n"
    assert first in text
    (specs / "families/smollm2.yaml").write_text(
        text.replace(first, first + engines, 1), encoding="utf-8")
    assert main(["build", "--specs", str(specs), "--out", str(tmp_path / "out")]) == 0
    return (tmp_path / "out/models/llm/smollm2.rst").read_text(encoding="utf-8")


def test_it_is_not_derived(tmp_path: Path) -> None:
    assert "SGLang" not in page(tmp_path)


def test_a_claim_is_printed_without_a_command(tmp_path: Path) -> None:
    text = page(tmp_path, "    engines: [vLLM, SGLang]\n")
    assert "**Engines:** vLLM, SGLang (not started by Modelbook)" in text
    assert "--model-engine vLLM" in text
    assert "--model-engine SGLang" not in text
