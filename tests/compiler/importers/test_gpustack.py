"""Drafts from a catalogue in GPUStack's form: what it says is kept, what it leaves open is open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.review import review

CATALOGUE = """\
draft_models:
- name: Demo-EAGLE3
  algorithm: eagle3
  source: huggingface
  huggingface_repo_id: org/demo-eagle3
model_sets:
- name: Demo-0.6B
  description: 'A small model: short answers.'
  home: https://example.org
  icon: /static/catalog_icons/demo.png
  size: 0.6
  activated_size: 0.2
  categories:
    - llm
  capabilities:
    - context/128K
    - tools
  licenses:
    - apache-2.0
  release_date: "2025-04-19"
  specs:
    # Two ways to run one repository.
    - mode: throughput
      quantization: BF16
      gpu_filters:
        vendor: ascend
      source: huggingface
      huggingface_repo_id: org/Demo-0.6B
      backend: MindIE
      backend_parameters:
        - --max-seq-len=8192
    - mode: standard
      quantization: BF16
      source: huggingface
      huggingface_repo_id: org/Demo-0.6B
      backend: vLLM
      backend_parameters:
        - --tool-call-parser=hermes
        - --max-model-len=8192
    - mode: latency
      quantization: FP8
      gpu_filters:
        vendor: nvidia
        compute_capability: ">=9.0" # Hopper or later
      source: huggingface
      huggingface_repo_id: org/Demo-0.6B-FP8
      backend: SGLang
      backend_version: 0.5.6.post2
    - quantization: Q4_K_M
      source: huggingface
      huggingface_repo_id: org/Demo-0.6B-GGUF
      huggingface_filename: '*Q4_K_M*.gguf'
      backend: llama-box
    - quantization: W8A8
      source: huggingface
      huggingface_repo_id: org/Demo-0.6B-W8A8
- name: Demo-Embed
  size: 567
  size_unit: M
  categories:
    - embedding
  specs:
    - quantization: BF16
      source: huggingface
      huggingface_repo_id: org/demo-embed
"""


def imported(tmp_path: Path, text: str = CATALOGUE, name: str = "Demo-0.6B") -> tuple[str, Any]:
    source = tmp_path / "model-catalog.yaml"
    source.write_text(text, encoding="utf-8")
    assert main(["import", "gpustack", str(source), "--out", str(tmp_path / "specs")]) == 0
    written = (tmp_path / f"specs/families/{name}.yaml").read_text(encoding="utf-8")
    return written, read(written)


def read(text: str) -> Any:
    tree, findings = parse(text.encode(), "x.yaml")
    assert tree is not None, findings
    return plain(tree)


def leaves(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {leaf for item in value.values() for leaf in leaves(item)}
    if isinstance(value, list):
        return {leaf for item in value for leaf in leaves(item)}
    return {str(value).replace("_", ".")}


def test_what_it_says_becomes_our_fields(tmp_path: Path) -> None:
    text, data = imported(tmp_path)
    assert data["name"] == "Demo-0.6B"
    assert data["description"] == "A small model: short answers."
    assert data["abilities"] == ["chat", "tools"]
    assert data["licence"] == "apache-2.0"
    assert data["homepage"] == "https://example.org"
    assert data["tool_parser"] == {"vLLM": "hermes"}
    shown = [(spec["format"], spec["size_in_billions"], spec["activated_size_in_billions"],
              spec["quantizations"], spec["repo_id"]) for spec in data["specs"]]
    assert shown == [
        ("pytorch", "0_6", "0_2", ["none"], "org/Demo-0.6B"),
        ("fp8", "0_6", "0_2", ["FP8"], "org/Demo-0.6B-FP8"),
        ("ggufv2", "0_6", "0_2", ["Q4_K_M"], "org/Demo-0.6B-GGUF")]
    assert "# GPUStack says context/128K: find the number of tokens." in text
    assert "org/Demo-0.6B-W8A8: what format the quantization 'W8A8'" in text


def test_no_fact_is_lost(tmp_path: Path) -> None:
    _, data = imported(tmp_path)
    original = read(CATALOGUE)["model_sets"][0]
    assert leaves(original) <= leaves(data)
    assert data["extensions"]["gpustack"]["specs"] == original["specs"]


def test_what_it_leaves_open_is_a_todo(tmp_path: Path) -> None:
    imported(tmp_path)
    result = review(tmp_path / "specs", info=False)
    errors = [finding for finding in result.findings if result.fails(finding)]
    assert {finding.code for finding in errors} == {"MB270"}
    assert {finding.path.partition("[")[0] for finding in errors} == {
        "context_length", "languages", "architectures", "model_type", "specs"}


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(tmp_path)
    said = capsys.readouterr()
    assert "left out: Demo-Embed: specs describe no models for embedding" in said.err
    assert "left out: draft model Demo-EAGLE3" in said.err
    assert "1 draft with 3 specs" in said.out


def test_a_program_is_told_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "model-catalog.yaml", tmp_path / "specs"
    source.write_text(CATALOGUE, encoding="utf-8")
    words = ["import", "gpustack", str(source), "--out", str(out), "--format", "json"]
    assert main(words) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["families"], told["specs"], told["drafts"]) == (1, 3, True)
    assert "families/Demo-0.6B.yaml" in told["new"]
    assert any("Demo-Embed" in sentence for sentence in told["left_out"])
    assert not said.err
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == told["new"]
    source.write_text("[]", encoding="utf-8")
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"]


def test_parsers_that_contradict_each_other_are_a_question(tmp_path: Path) -> None:
    text, data = imported(tmp_path, CATALOGUE.replace(
        "      backend: SGLang\n", "      backend: vLLM\n      backend_parameters:\n"
        "        - --tool-call-parser other\n"))
    assert "tool_parser" not in data
    assert "# tool_parser for vLLM: hermes or other?" in text


def test_modelscope_alone(tmp_path: Path) -> None:
    _, data = imported(tmp_path, CATALOGUE.replace(
        "huggingface_repo_id: org/Demo", "model_scope_model_id: org/Demo"))
    assert data["specs"][0]["hubs"] == {"modelscope": {}}


@pytest.mark.parametrize("text", [
    "", "[]", "model_sets: 3", "model_sets: [x]", "model_sets: [{name: 7}]",
    "model_sets: [{name: a, specs: {}}]", "model_sets: [{name: a, specs: [x]}]",
    "model_sets: [{name: a, categories: llm, specs: []}]",
    "model_sets: [{name: ../a, specs: [{quantization: BF16, huggingface_repo_id: o/a}]}]",
    "model_sets: []\ndraft_models: 4", "model_sets: &a [*a]",
    "model_sets: [{name: a, specs: [{quantization: BF16, huggingface_repo_id: o/a,"
    " backend_parameters: [1]}]}]",
])
def test_what_is_no_such_catalogue_is_refused_in_words(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "x.yaml"
    source.write_text(text, encoding="utf-8")
    assert main(["import", "gpustack", str(source), "--out", str(tmp_path / "specs")]) == 1
    assert str(source) in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()


SMUGGLED = "- format: pytorch\n  repo_id: evil/evil\n  trust_remote_code: true\nlicence: evil"


@pytest.mark.parametrize("field", [
    "huggingface_repo_id", "huggingface_filename", "quantization", "backend", "source"])
@pytest.mark.parametrize("text", [SMUGGLED, "a " * 90, "x: [y", "# z", "'", "a\n\n  b\n"],
                         ids=["entries", "long", "flow", "comment", "quote", "lines"])
def test_what_the_catalogue_says_stays_text(tmp_path: Path, field: str, text: str) -> None:
    deployment = {"huggingface_repo_id": "org/demo", "huggingface_filename": "demo.gguf",
                  "quantization": "Q4_K_M", "source": "huggingface", field: text}
    if field == "huggingface_filename":
        deployment[field] = text + ".gguf"
    source = tmp_path / "in.yaml"
    source.write_text(json.dumps({"model_sets": [
        {"name": "Demo", "size": 7, "categories": ["llm"], "specs": [deployment]}]}))
    assert main(["import", "gpustack", str(source), "--out", str(tmp_path / "specs")]) == 0
    tree, findings = parse((tmp_path / "specs/families/Demo.yaml").read_bytes(), "Demo.yaml")
    assert tree is not None, findings
    data: Any = plain(tree)
    [spec] = data["specs"]
    assert (spec["format"], data["licence"]) == ("ggufv2", "TODO")
    assert spec["repo_id"] == deployment["huggingface_repo_id"]
    assert spec["quantizations"] == [deployment["quantization"]]
    if not any(char in deployment["huggingface_filename"] for char in "*?[]{}"):
        assert spec["file_template"] == deployment["huggingface_filename"]
    assert data["extensions"]["gpustack"]["specs"] == [deployment]
