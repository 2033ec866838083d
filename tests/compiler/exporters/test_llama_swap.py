"""The llama-swap configuration: commands that `runtime launch` takes, names that engines take."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from compiler.cli import main
from runtime.cli import main as runtime_main

if TYPE_CHECKING:
    import pytest

REPOSITORY = Path(__file__).parents[3]


def exported(specs: Path, tmp_path: Path) -> Any:
    out = tmp_path / "config.yaml"
    assert main(["export", "llama-swap", "--specs", str(specs), "--out", str(out)]) == 0
    # Read as any YAML program would.
    return yaml.safe_load(out.read_text(encoding="utf-8"))


def test_each_command_is_one_that_launch_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    config = exported(REPOSITORY / "specs", tmp_path)
    assert main(["build", "--specs", str(REPOSITORY / "specs"), "--out", str(tmp_path)]) == 0
    name = "smollm2/0_135/ggufv2/Q4_1/llama.cpp"
    argv = shlex.split(config["models"][name]["cmd"].replace("${PORT}", "5800"))
    assert argv[:2] == ["runtime", "launch"]
    capsys.readouterr()
    assert runtime_main([*argv[1:], "--dry-run", "--format", "json",
                         "--manifest", str(tmp_path / "manifest.json")]) == 0
    assert "5800" in capsys.readouterr().out


def test_requests_carry_the_name_that_the_engine_takes(tmp_path: Path) -> None:
    models = exported(REPOSITORY / "specs", tmp_path)["models"]
    assert models["smollm2/0_135/ggufv2/Q4_1/llama.cpp"]["useModelName"] == "smollm2"
    assert models["smollm2/0_135/mlx/bf16/MLX"]["useModelName"] == "default_model"
    # Its server takes only the path of the model, which nobody knows beforehand.
    assert not [name for name in models if name.endswith("/Transformers")]


def test_leaves_out_what_the_engine_facts_refute(tmp_path: Path) -> None:
    models = exported(REPOSITORY / "specs", tmp_path)["models"]
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
