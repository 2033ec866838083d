"""A catalogue of many shapes that is right is locked, and the rules against the lock are silent.

A rule that speaks where nothing is wrong is switched off by whoever meets it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubserver import HubServer

FAMILY = """\
name: right
context_length: 131072
languages: [en]
abilities: [chat]
description: Models of every shape.
architectures: [Qwen3MoeForCausalLM]
model_type: qwen3_moe
licence: apache-2.0

specs:
  - format: pytorch
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [none]
    repo_id: lab/right
    draft: {repo_id: lab/right-small}
    hubs:
      huggingface: {}
      modelscope: {repo_id: Lab/Right}

  - format: pytorch
    size_in_billions: 0_02
    activated_size_in_billions: 0_01
    variant: pickled
    quantizations: [none]
    repo_id: lab/right-bin
    hubs:
      huggingface: {}

  - format: gptq
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [Int4, Int8]
    repo_id: lab/right-GPTQ-{quantization}
    hubs:
      huggingface: {}

  - format: awq
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [Int4]
    repo_id: lab/right-AWQ
    hubs:
      huggingface: {}

  - format: fp8
    variant: blocks
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [fp8]
    repo_id: lab/right-FP8
    hubs:
      huggingface: {}
      modelscope: {}

  - format: fp8
    variant: modelopt
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [fp8]
    repo_id: nv/right-FP8
    hubs:
      huggingface: {}

  - format: fp4
    variant: mxfp4
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [fp4]
    repo_id: lab/right-mxfp4
    hubs:
      huggingface: {}

  - format: fp4
    variant: nvfp4
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [fp4]
    repo_id: nv/right-NVFP4
    hubs:
      huggingface: {}

  - format: bnb
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [4-bit]
    repo_id: lab/right-bnb-4bit
    hubs:
      huggingface: {}

  - format: mlx
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [4bit, 8bit, mxfp4, bf16]
    repo_id: mlx/right-{quantization}
    hubs:
      huggingface: {}

  - format: ggufv2
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [BF16, Q4_K_M, Q8_0, UD-Q4_K_XL, UD-Q2_K_XL, IQ4_NL, MXFP4_MOE]
    repo_id: quantizer/right-GGUF
    file_template: right-{quantization}.gguf
    split_file_template: "{quantization}/right-{quantization}-{part}.gguf"
    split_parts:
      BF16: [00001-of-00003, 00002-of-00003, 00003-of-00003]
      UD-Q4_K_XL: [00001-of-00002, 00002-of-00002]
    multimodal_projectors: [mmproj-F16.gguf, mmproj-BF16.gguf]
    draft:
      repo_id: quantizer/right-small-GGUF
      quantizations: [Q4_0, Q8_0]
      file_template: right-small-{draft_quantization}.gguf
    hubs:
      huggingface: {}
      modelscope: {repo_id: quantizer/right-gguf}
"""
#: Dense and mixed sizes under one name, and parts beside whole files in one folder.
OTHER = """\
name: other
context_length: 32768
languages: [en]
abilities: [chat]
description: Models of two architectures.
architectures: [Qwen3ForCausalLM, Qwen3MoeForCausalLM]
model_type: qwen3

specs:
  - format: pytorch
    size_in_billions: 0_002
    quantizations: [none]
    repo_id: lab/other-0.002B
    hubs:
      huggingface: {}

  - format: pytorch
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [none]
    repo_id: lab/other-0.01B-A0.004B
    hubs:
      huggingface: {}

  - format: ggufv2
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [Q4_K_M, UD-Q4_K_XL, Q2_K_XS]
    repo_id: quantizer/other-GGUF
    file_template: other-{quantization}.gguf
    split_file_template: other-{quantization}-{part}.gguf
    split_parts:
      UD-Q4_K_XL: [00001-of-00002, 00002-of-00002]
    hubs:
      huggingface: {}
"""
QUANTIZED: dict[str, dict[str, Any]] = {
    "lab/right-GPTQ-Int4": {"quant_method": "gptq", "bits": 4, "group_size": 128},
    "lab/right-FP8": {"quant_method": "fp8", "weight_block_size": [128, 128]},
    "nv/right-NVFP4": {"quant_method": "modelopt", "quant_algo": "NVFP4", "config_groups": {
        "group_0": {"weights": {"num_bits": 4, "type": "float", "group_size": 16}}}},
    "lab/right-mxfp4": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
    "lab/right-bnb-4bit": {"quant_method": "bitsandbytes", "load_in_4bit": True},
}
#: Older checkpoints state it in a file of its own.
OLDER = {
    "lab/right-GPTQ-Int8": ("quantize_config.json", {"bits": 8, "group_size": 128}),
    "lab/right-AWQ": ("quant_config.json", {"w_bit": 4, "q_group_size": 128, "version": "GEMM"}),
    "nv/right-FP8": ("hf_quant_config.json", {
        "producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8"}}),
}
#: 2 million numbers for every token and 8 million in 8 experts, as tools pack them.
PACKED = {
    "gptq": models.shaped_safetensors(
        embed=("BF16", [2000, 1000]), mlp__experts__0__up__qweight=("I32", [1000, 1000]),
        mlp__experts__0__up__scales=("F16", [8, 8000])),
    "fp8": models.shaped_safetensors(
        embed=("BF16", [2000, 1000]), mlp__experts__0__up=("F8_E4M3", [8000, 1000]),
        mlp__experts__0__up_scale_inv=("F32", [63, 8]), position_ids=("I64", [1, 131072])),
    "mxfp4": models.shaped_safetensors(
        embed=("BF16", [2000, 1000]), mlp__experts__up_blocks=("U8", [8, 1000, 32, 16]),
        mlp__experts__up_scales=("U8", [8, 1000, 32])),
    "mlx": models.shaped_safetensors(
        embed=("U32", [2000, 125]), embed__scales=("BF16", [2000, 16])),
}
FILE_TYPES = {"BF16": 32, "Q4_K_M": 15, "Q8_0": 7, "UD-Q4_K_XL": 15, "UD-Q2_K_XL": 10,
              "IQ4_NL": 25, "MXFP4_MOE": 38, "Q4_0": 2, "Q2_K_XS": 10}


def gguf(quantization: str, context: int = 131072) -> bytes:
    return models.described_gguf(architecture="qwen3moe", file_type=FILE_TYPES[quantization],
                                 context=context, vocabulary=100)


@pytest.fixture
def right(tmp_path: Path, hub: HubServer) -> Path:
    specs = tmp_path / "specs"
    (specs / "families").mkdir(parents=True)
    (specs / "families/right.yaml").write_text(FAMILY)
    (specs / "families/other.yaml").write_text(OTHER)
    # Stretched as the lab says on its card: 32768 become 131072.
    config: dict[str, Any] = catalogue.CONFIG | {"rope_scaling": {
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}

    def add(repo_id: str, files: dict[str, bytes], **changed: Any) -> None:
        hub.add(repo_id, {"config.json": json.dumps(config | changed).encode(),
                          "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}', **files},
                card={"license": "apache-2.0"})

    embed, expert = ("BF16", [2000, 1000]), ("BF16", [4000, 1000])
    sharded = {
        "model.safetensors.index.json": b'{"weight_map": {}}',
        "model-00001-of-00002.safetensors": models.shaped_safetensors(
            model__embed=embed, model__mlp__experts__0__up=expert),
        "model-00002-of-00002.safetensors": models.shaped_safetensors(
            model__mlp__experts__1__up=expert, model__rotary__position_ids=("I64", [131072])),
        # Mistral's own copy of the same weights, which no engine here is given.
        "consolidated.safetensors": models.shaped_safetensors(embed=embed)}
    for repo_id in ("lab/right", "Lab/Right"):
        add(repo_id, sharded)
    add("lab/right-bin", {"pytorch_model-00001-of-00002.bin": b"pickle" * 50,
                          "pytorch_model-00002-of-00002.bin": b"pickle" * 50})
    add("lab/right-small", {"model.safetensors": models.shaped_safetensors(w=("BF16", [1000]))},
        architectures=["Qwen3ForCausalLM"], model_type="qwen3", max_position_embeddings=4096)
    for repo_id, stated in QUANTIZED.items():
        kind = {"fp8": "fp8", "gptq": "gptq"}.get(str(stated["quant_method"]), "mxfp4")
        add(repo_id, {"model.safetensors": PACKED[kind]}, quantization_config=stated)
    for repo_id, (path, content) in OLDER.items():
        kind = "fp8" if "FP8" in repo_id else "gptq"
        add(repo_id, {"model.safetensors": PACKED[kind], path: json.dumps(content).encode()})
    for name, quantization in (("4bit", {"bits": 4, "group_size": 64}),
                               ("8bit", {"bits": 8, "group_size": 64}),
                               ("mxfp4", {"bits": 4, "group_size": 32, "mode": "mxfp4"})):
        add(f"mlx/right-{name}", {"model.safetensors": PACKED["mlx"]}, quantization=quantization)
    add("mlx/right-bf16", sharded)
    quantized = {f"right-{name}.gguf": gguf(name)
                 for name in ("Q4_K_M", "Q8_0", "UD-Q2_K_XL", "IQ4_NL", "MXFP4_MOE")}
    for name, count in (("BF16", 3), ("UD-Q4_K_XL", 2)):
        for part in range(1, count + 1):
            quantized[f"{name}/right-{name}-{part:05}-of-{count:05}.gguf"] = gguf(name) if (
                part == 1) else models.gguf(part=part - 1, parts=count)
    for name in ("F16", "BF16"):
        quantized[f"mmproj-{name}.gguf"] = models.gguf()
    small = {f"right-small-{name}.gguf": gguf(name, 4096) for name in ("Q4_0", "Q8_0")}
    for repo_id, files in (("quantizer/right-GGUF", quantized), ("quantizer/right-gguf", quantized),
                           ("quantizer/right-small-GGUF", small)):
        hub.add(repo_id, {"README.md": b"# GGUF", "imatrix_unsloth.dat": b"i" * 80, **files})
    add("lab/right-FP8", {"model.safetensors": PACKED["fp8"]},
        quantization_config=QUANTIZED["lab/right-FP8"])
    plain = {"max_position_embeddings": 32768, "rope_scaling": None}
    add("lab/other-0.002B", {"model.safetensors": models.shaped_safetensors(embed=embed)}, **plain,
        architectures=["Qwen3ForCausalLM"], model_type="qwen3", num_experts=None)
    add("lab/other-0.01B-A0.004B", sharded, **plain)
    hub.add("quantizer/other-GGUF", {
        "other-Q4_K_M.gguf": gguf("Q4_K_M", 32768), "other-Q2_K_XS.gguf": gguf("Q2_K_XS", 32768),
        "other-UD-Q4_K_XL-00001-of-00002.gguf": gguf("UD-Q4_K_XL", 32768),
        "other-UD-Q4_K_XL-00002-of-00002.gguf": models.gguf(part=1, parts=2)})
    return specs


def test_nothing_is_said_of_what_is_right(
    right: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["lock", "--specs", str(right), "--quiet"]) == 0
    assert main(["check", "--specs", str(right), "--strict"]) == 0
    assert [str(finding) for finding in catalogue.about_locks(right)] == []
    before = (right / "locks/right.lock.json").read_bytes()
    assert main(["lock", "--specs", str(right), "--jobs", "1", "--quiet"]) == 0
    assert (right / "locks/right.lock.json").read_bytes() == before
    assert main(["lock", "--specs", str(right), "--check", "--quiet"]) == 0
    assert "nothing moved" in capsys.readouterr().out
