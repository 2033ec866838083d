"""The llama-swap configuration: commands that `runtime launch` takes, names that engines take."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import main
from runtime.cli import main as runtime_main

REPOSITORY = Path(__file__).parents[3]


def exported(specs: Path, tmp_path: Path) -> Any:
    out = tmp_path / "config.yaml"
    assert main(["export", "llama-swap", "--specs", str(specs), "--out", str(out)]) == 0
    # Read as any YAML program would.
    return yaml.safe_load(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return exported(REPOSITORY / "specs", tmp_path_factory.mktemp("swap"))


def test_each_command_is_one_that_launch_takes(
    shipped: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["build", "--specs", str(REPOSITORY / "specs"), "--out", str(tmp_path)]) == 0
    name = "smollm2/0_135/ggufv2/Q4_1/llama.cpp"
    argv = shlex.split(shipped["models"][name]["cmd"].replace("${PORT}", "5800"))
    assert argv[:2] == ["runtime", "launch"]
    capsys.readouterr()
    assert runtime_main([*argv[1:], "--dry-run", "--format", "json",
                         "--manifest", str(tmp_path / "manifest.json")]) == 0
    assert "5800" in capsys.readouterr().out


def test_it_holds_what_its_schema_and_its_reader_ask_for(shipped: Any) -> None:
    """The facts of config-schema.json and internal/config/load.go in llama-swap's repository."""
    assert shipped.keys() == {"healthCheckTimeout", "models"}
    assert isinstance(shipped["healthCheckTimeout"], int)
    assert shipped["healthCheckTimeout"] >= 15
    assert len(shipped["models"]) > 500
    for model in shipped["models"].values():
        assert model.keys() == {"cmd", "name", "useModelName"}
        assert all(isinstance(text, str) and text for text in model.values())
        assert len(model["name"]) <= 128
        # One line, since lines that begin with # are dropped; no macro but the port.
        assert "\n" not in model["cmd"]
        assert re.findall(r"\$\{.*?}", "".join(model.values())) == ["${PORT}"]


def test_each_model_has_a_port(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.exporters.llama_swap._MOST_MODELS", 2)
    assert main(["export", "llama-swap", "--specs", str(REPOSITORY / "specs"),
                 "--out", str(tmp_path / "x.yaml")]) == 1
    assert "more than llama-swap has ports for" in capsys.readouterr().err


def test_requests_carry_the_name_that_the_engine_takes(shipped: Any) -> None:
    models = shipped["models"]
    assert models["smollm2/0_135/ggufv2/Q4_1/llama.cpp"]["useModelName"] == "smollm2"
    assert models["smollm2/0_135/mlx/bf16/MLX"]["useModelName"] == "default_model"
    # Its server takes only the path of the model, which nobody knows beforehand.
    assert not [name for name in models if name.endswith("/Transformers")]


def test_leaves_out_what_the_engine_facts_refute(shipped: Any) -> None:
    models = shipped["models"]
    # vLLM opens one .gguf file, and BF16 is in two.
    assert "seed-oss/36/ggufv2/BF16/llama.cpp" in models
    assert "seed-oss/36/ggufv2/BF16/vLLM" not in models
    assert "seed-oss/36/ggufv2/Q4_K_M/vLLM" in models


def test_refuses_text_that_llama_swap_would_replace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "families").mkdir()
    (tmp_path / "engines").symlink_to(REPOSITORY / "specs/engines")
    text = (REPOSITORY / "specs/families/smollm2.yaml").read_text(encoding="utf-8")
    (tmp_path / "families/x.yaml").write_text(
        text.replace("name: smollm2", 'name: "${env.HOME}"'), encoding="utf-8")
    assert main(["export", "llama-swap", "--specs", str(tmp_path), "--out", "-"]) == 1
    assert "would replace" in capsys.readouterr().err
