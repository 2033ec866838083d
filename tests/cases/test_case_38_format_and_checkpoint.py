"""A spec says AWQ and the checkpoint something else: its small config tells, not a launch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.finding import Severity
from runtime.engines import engine_module
from runtime.engines.base import LocalModel, Runner, ServeOptions
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubs import home, hub  # noqa: F401 - fixtures
from tests.support.hubserver import HubServer


@pytest.mark.parametrize(("config", "more", "told"), [
    ({"quant_method": "compressed-tensors"}, {}, "states the method compressed-tensors"),
    ({"quant_method": "gptq", "bits": 4}, {}, "states the method gptq"),
    (None, {}, "states no quantization"),
    ({"quant_method": "awq", "bits": 4}, {}, ""),
    # Older checkpoints state it beside the config.
    (None, {"quant_config.json": b'{"w_bit": 4, "q_group_size": 128}'}, ""),
    (None, {"quantize_config.json": b'{"bits": 4, "group_size": 128}'}, "states the method gptq"),
])
def test_the_config_decides(
    tmp_path: Path, hub: HubServer, config: Any, more: dict[str, bytes], told: str,  # noqa: F811
) -> None:
    catalogue.serve(hub)
    hub.add("org/demo-AWQ", {
        "config.json": json.dumps(catalogue.CONFIG | (
            {"quantization_config": config} if config else {})).encode(),
        "model.safetensors": models.safetensors(1 << 20), **more})
    specs = catalogue.specs_folder(tmp_path)
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0

    found = catalogue.about_locks(specs)

    assert [(item.code, item.severity, catalogue.at(specs, item)) for item in found] == (
        [("MB608", Severity.ERROR, "awq")] if told else [])
    assert all(told in item.message and "org/demo-AWQ on Hugging Face" in item.message
               for item in found)
    assert hub.bytes_sent < 1 << 20  # the weights were not downloaded for that


def test_no_engine_is_told_a_method_that_the_config_declares() -> None:
    model = LocalModel(folder=Path("/m"), model_format="awq")
    options = ServeOptions(port=8000, name="demo", cache=Path("/cache"))
    runner = Runner(provider="vllm", python=Path("/env/bin/python"))
    argv = engine_module("vLLM").serve_command(runner, model, options).argv
    assert not any("quantization" in word for word in argv)
