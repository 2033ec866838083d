"""vLLM opens one GGUF file: a claim for a split one is refuted by the engine's own facts."""

from __future__ import annotations

from compiler.finding import Severity
from tests.compiler.check.wrap import findings

SPEC = """\
specs:
  - format: ggufv2
    size_in_billions: 7
    quantizations: [{quantizations}]
    repo_id: example/demo-7B-GGUF
    file_template: "demo-7B-{{quantization}}.gguf"
    split_file_template: "demo-7B-{{quantization}}-{{part}}.gguf"
    split_parts: {{BF16: [00001-of-00002, 00002-of-00002]}}
    engines: [{engine}]
    hubs: {{huggingface: {{}}}}
"""


def found(quantizations: str, engine: str) -> list[tuple[str, Severity, str]]:
    return [(item.code, item.severity, item.path)
            for item in findings(SPEC.format(quantizations=quantizations, engine=engine))
            if item.code.startswith("MB3")]


def test_split_only() -> None:
    assert found("BF16", "vLLM") == [("MB304", Severity.WARNING, "specs[0].engines[0]")]
    assert found("BF16", "llama.cpp") == []


def test_split_beside_single() -> None:
    assert found("Q4_K_M, BF16", "vLLM") == [("MB310", Severity.INFO, "specs[0].engines[0]")]


def test_a_claim_that_can_never_hold_is_an_error() -> None:
    assert found("BF16", "MLX") == [("MB301", Severity.ERROR, "specs[0].engines[0]")]


def test_the_message_names_who_loads_it() -> None:
    example = SPEC.format(quantizations="BF16", engine="vllm")
    messages = {item.code: item for item in findings(example)}

    assert "llama.cpp" in messages["MB304"].hint
    assert messages["MB305"].hint == "did you mean vLLM?"
