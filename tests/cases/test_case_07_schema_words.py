"""Case 7: one finding for one mistake, at its place, in plain words."""

from __future__ import annotations

from tests.support.yaml_specs import FAMILY, pointed, problems

GGUF = FAMILY.split("specs:")[0] + """\
specs:
  - {format: ggufv2, size_in_billions: 7, quantizations: [Q4_K_M, 8], repo_id: o/x,
     file_template: "x-{quantization}.gguf", hubs: {huggingface: {}}}
"""


def test_a_number_among_quantizations() -> None:
    (finding,) = problems(GGUF)
    assert finding.path == "specs[0].quantizations[1]"
    assert finding.message == "expected text, got 8; quote it"
    assert pointed(GGUF, finding) == "8"
    assert finding.span.line == 8


def test_a_misspelt_format() -> None:
    text = GGUF.replace(", 8]", "]").replace("ggufv2", "gguf2")
    (finding,) = problems(text)
    assert pointed(text, finding) == "gguf2"
    assert "did you mean ggufv2?" in finding.message
    assert "pytorch, gptq" in finding.hint


def test_a_misspelt_key_that_is_needed_is_one_finding() -> None:
    text = GGUF.replace(", 8]", "]").replace("quantizations:", "quantisations:")
    (finding,) = problems(text)
    assert pointed(text, finding) == "quantisations"
    assert "did you mean `quantizations`?" in finding.message


def test_all_errors_of_a_file_at_once_in_order() -> None:
    text = GGUF.replace("context_length: 8192", "context_length: long").replace("[chat]", "[Chat]")
    findings = problems(text)
    assert [found.path for found in findings] == [
        "context_length", "abilities[0]", "specs[0].quantizations[1]"]
