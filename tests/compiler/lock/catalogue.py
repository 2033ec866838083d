"""A small catalogue whose repositories a hub on loopback serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compiler.catalogue import load
from compiler.finding import Finding
from compiler.review import review
from tests.support import models
from tests.support.hubserver import HubServer

FAMILY = """\
name: demo
context_length: 32768
languages: [en]
abilities: [chat]
description: A model for tests.
architectures: [Qwen3MoeForCausalLM]
model_type: qwen3_moe
licence: apache-2.0

specs:
  - format: pytorch
    size_in_billions: 0_01
    activated_size_in_billions: 0_004
    quantizations: [none]
    repo_id: org/demo
    hubs:
      huggingface: {}

  - format: awq
    size_in_billions: 0_01
    quantizations: [Int4]
    repo_id: org/demo-AWQ
    hubs:
      huggingface: {}

  - format: ggufv2
    size_in_billions: 0_01
    quantizations: [Q4_K_M, Q8_0]
    repo_id: org/demo-GGUF
    file_template: demo-{quantization}.gguf
    split_file_template: "{quantization}/demo-{quantization}-{part}.gguf"
    split_parts:
      Q8_0: [00001-of-00002, 00002-of-00002]
    hubs:
      huggingface: {}
"""
CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
    "max_position_embeddings": 32768, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "hidden_size": 512, "head_dim": 64, "num_experts": 8,
    "num_experts_per_tok": 2, "torch_dtype": "bfloat16"}
#: 2 million numbers that every token passes through, and 8 million in 8 experts.
WEIGHTS = models.shaped_safetensors(
    model__embed=("BF16", [2000, 1000]), model__mlp__experts__0__up=("BF16", [8000, 1000]))


def specs_folder(root: Path) -> Path:
    """A specs folder with the family; engines and formats are the shipped ones."""
    specs = root / "specs"
    (specs / "families").mkdir(parents=True)
    (specs / "families" / "demo.yaml").write_text(FAMILY)
    return specs


def serve(hub: HubServer) -> None:
    """Have the hub hold what the family says."""
    hub.add("org/demo", {
        "config.json": json.dumps(CONFIG).encode(), "model.safetensors": WEIGHTS,
        "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}'},
        card={"license": "apache-2.0"})
    awq = {**CONFIG, "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}}
    hub.add("org/demo-AWQ", {"config.json": json.dumps(awq).encode(),
                             "model.safetensors": models.safetensors(400)})
    hub.add("org/demo-GGUF", {
        "demo-Q4_K_M.gguf": models.described_gguf(architecture="qwen3moe", context=32768),
        "Q8_0/demo-Q8_0-00001-of-00002.gguf": models.described_gguf(
            architecture="qwen3moe", file_type=7, context=32768),
        "Q8_0/demo-Q8_0-00002-of-00002.gguf": models.gguf(part=1, parts=2)})


def config_of(hub: HubServer, repo_id: str, **changed: object) -> None:
    """Change the configuration of a repository."""
    files = hub.repositories[repo_id].files
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | changed).encode()


def about_locks(specs: Path) -> list[Finding]:
    """What the rules against the lock say."""
    return [finding for finding in review(specs).findings if finding.code.startswith("MB6")]


def at(specs: Path, finding: Finding) -> str:
    """The text that a finding underlines."""
    text = load(specs).texts[finding.file].split("\n")[finding.span.line - 1]
    return text[finding.span.column - 1:finding.span.end_column - 1]
