"""The guide on moving a catalogue, word for word."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli import main
from tests.compiler.importers.test_gpustack import CATALOGUE
from tests.compiler.importers.test_model_yaml import MODEL

if TYPE_CHECKING:
    import pytest

GUIDE = Path(__file__).parents[3] / "docs/guides/move-from-xinference.rst"


def test_its_commands_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    catalogue = [{
        "version": 2, "model_name": name, "context_length": 32768, "model_lang": ["en", "zh"],
        "model_ability": ["chat"], "model_description": f"{name} answers.", "featured": False,
        "architectures": ["Qwen2ForCausalLM"], "virtualenv": {"packages": ["#system_numpy#"]},
        "model_specs": [{"model_format": "pytorch", "model_size_in_billions": 7, "model_src": {
            "huggingface": {"model_id": f"org/{name}-7B", "quantizations": ["none"]}}}],
    } for name in ("second", "first")]
    Path("llm_family.json").write_text(json.dumps(catalogue), encoding="utf-8")
    commands = [shlex.split(line)[1:] for line in re.findall(
        r"^   \$ (compiler .*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)]
    assert [command[0] for command in commands] == [
        "import", "export", "build", "check", "import", "import"]
    Path("model-catalog.yaml").write_text(CATALOGUE, encoding="utf-8")
    Path("model.yaml").write_text(MODEL, encoding="utf-8")
    for command in commands:
        assert main(command) == 0, capsys.readouterr()
    assert json.loads(Path("llm_family.json").read_text(encoding="utf-8")) == catalogue
    assert sorted(path.name for path in Path("build/models/llm").iterdir()) == [
        "first.rst", "index.rst", "second.rst"]
    assert Path("gpustack-specs/families/Demo-0.6B.yaml").is_file()
    assert Path("lmstudio-specs/families/demo-8b.yaml").is_file()
