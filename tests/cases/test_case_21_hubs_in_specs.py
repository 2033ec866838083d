"""Two hubs, one spec: what one of them lacks, or has under another name, shows in the check."""

from __future__ import annotations

from compiler.check.view import CatalogueView
from tests.compiler.check.wrap import catalogue, findings

SPEC = """\
specs:
  - format: ggufv2
    size_in_billions: 7
    quantizations: [Q4_K_M, Q8_0]
    repo_id: example/demo-7B-GGUF
    file_template: "demo-7B-{{quantization}}.gguf"
    hubs:
      huggingface: {huggingface}
      modelscope: {modelscope}
"""


def spec(huggingface: str = "{}", modelscope: str = "{}") -> str:
    return SPEC.format(huggingface=huggingface, modelscope=modelscope).replace("{{", "{").replace(
        "}}", "}")


def codes(example: str) -> set[str]:
    return {item.code for item in findings(example)} - {"MB219"}


def test_file_names_differ_by_hub() -> None:
    view: CatalogueView = catalogue(spec(
        modelscope='{file_template: "demo-7b-{quantization}.gguf"}'))
    templates = [hub.file_template.raw for hub in view.families[0].specs[0].hubs
                 if hub.file_template]

    assert templates == ["demo-7B-{quantization}.gguf", "demo-7b-{quantization}.gguf"]


def test_parity() -> None:
    assert codes(spec()) == set()
    assert codes(spec(modelscope="{quantizations: [Q8_0]}")) == {"MB222"}
    assert codes(spec("{quantizations: [Q4_K_M]}", "{quantizations: [Q8_0]}")) == {
        "MB218", "MB222"}


def test_branch_of_the_other_hub() -> None:
    assert codes(spec(modelscope="{revision: main}")) == {"MB226"}
    assert codes(spec(modelscope="{revision: master}")) == set()
    assert codes(spec(huggingface="{revision: master}")) == {"MB226"}


def test_another_model() -> None:
    assert codes(spec(modelscope="{repo_id: example/demo-7B-Chat-GGUF}")) == {"MB215"}
    assert codes(spec(modelscope="{repo_id: Sample/Demo-7b-gguf}")) == set()
