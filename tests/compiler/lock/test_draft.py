"""`compiler new --from`: a family drafted from a repository on loopback, by the real clients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.finding import Severity
from compiler.fmt import format_file
from compiler.lock.draft import languages, parse_origin, rounded, written
from compiler.read.nodes import Mapping, plain
from compiler.read.parse import parse
from compiler.review import review
from runtime.errors import MisuseError
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubserver import GOOD_TOKEN, HubServer
from tests.support.indexserver import IndexServer, wheel

CARD = b"---\nlicense: apache-2.0\nlanguage:\n- en\n- zh\n---\n# A model\n"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    return tmp_path / "catalogue"


def draft(specs: Path, origin: str, name: str = "demo") -> Any:
    """The family that is drafted: it parses, is formatted, and has the TODOs that check names."""
    assert main(["new", name, "--specs", str(specs), "--from", origin]) == 0
    path = specs / "families" / f"{name}.yaml"
    tree, findings = parse(path.read_bytes(), str(path))
    assert findings == []
    assert isinstance(tree, Mapping)
    assert not format_file(path).changed
    return plain(tree)


def left(specs: Path, name: str = "demo") -> list[str]:
    """What `compiler check` points at; each is a line that says TODO, and there are no others."""
    path = specs / "families" / f"{name}.yaml"
    found = [item for item in review(specs).findings if item.severity is not Severity.INFO]
    lines = path.read_text().split("\n")
    marked = {number for number, line in enumerate(lines, 1)
              if "TODO" in line and not line.lstrip().startswith("#")}
    assert {item.span.line for item in found} == marked, found
    assert {item.code for item in found} <= {"MB270"}
    return [item.path for item in found]


def test_a_mixture_of_experts(empty: Path, hub: HubServer) -> None:
    catalogue.serve(hub)
    hub.repositories["org/demo"].files["README.md"] = CARD
    family = draft(empty, "huggingface:org/demo")
    assert family == {
        "name": "demo", "context_length": 32768, "languages": ["en", "zh"], "abilities": ["chat"],
        "description": "TODO: what the model is good for, and by whom.",
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
        "licence": "apache-2.0",
        "specs": [{"format": "pytorch", "size_in_billions": "0_01",
                   "activated_size_in_billions": "0_004", "quantizations": ["none"],
                   "repo_id": "org/demo", "revision": hub.repositories["org/demo"].head(),
                   "hubs": {"huggingface": {}}}]}
    assert left(empty) == ["description"]


def test_quantized_weights(empty: Path, hub: HubServer) -> None:
    catalogue.serve(hub)
    [spec] = draft(empty, "huggingface:org/demo-AWQ")["specs"]
    assert (spec["format"], spec["quantizations"]) == ("awq", ["Int4"])
    # Packed numbers are no parameters, and neither the name nor the config says how many there are.
    assert left(empty) == ["languages[0]", "description", "licence", "specs[0].size_in_billions",
                           "specs[0].activated_size_in_billions"]


def test_gguf_files(empty: Path, hub: HubServer) -> None:
    catalogue.serve(hub)
    hub.repositories["org/demo-GGUF"].files |= {
        "mmproj-F16.gguf": models.gguf(), "other.gguf": models.gguf()}
    family = draft(empty, "huggingface:org/demo-GGUF")
    [spec] = family["specs"]
    assert spec == {
        "format": "ggufv2", "size_in_billions": 0, "quantizations": spec["quantizations"],
        "repo_id": "org/demo-GGUF", "revision": hub.repositories["org/demo-GGUF"].head(),
        "file_template": "demo-{quantization}.gguf",
        "split_file_template": "{quantization}/demo-{quantization}-{part}.gguf",
        "split_parts": {"Q8_0": ["00001-of-00002", "00002-of-00002"]},
        "multimodal_projectors": ["mmproj-F16.gguf"], "hubs": {"huggingface": {}}}
    assert sorted(spec["quantizations"]) == ["Q4_K_M", "Q8_0"]
    assert (family["context_length"], family["abilities"]) == (32768, ["generate"])
    assert "# 1 GGUF file is left out" in (empty / "families/demo.yaml").read_text()
    assert left(empty) == ["languages[0]", "description", "architectures[0]", "model_type",
                           "licence", "specs[0].size_in_billions"]


def test_modelscope_names_no_commit(empty: Path, hub: HubServer) -> None:
    catalogue.serve(hub)
    hub.repositories["org/demo"].commits_known = False
    family = draft(empty, "modelscope:org/demo")
    assert family["specs"][0]["hubs"] == {"modelscope": {}}
    assert "revision" not in family["specs"][0]
    assert family["architectures"] == ["Qwen3MoeForCausalLM"]


def test_a_wheel(empty: Path, index: IndexServer) -> None:
    index.add("llm-demo", "1.2", wheel("llm-demo", "1.2", {
        "llm_demo/demo-135M.Q4_1.gguf": models.described_gguf(vocabulary=50)}))
    family = draft(empty, "pypi:llm-demo")
    [spec] = family["specs"]
    assert (spec["repo_id"], spec["revision"], spec["file_template"], spec["quantizations"]) == (
        "llm-demo", "1.2", "llm_demo/demo-135M.{quantization}.gguf", ["Q4_1"])
    assert family["context_length"] == 8192


def test_a_gated_repository_leaves_open_what_its_files_would_tell(
    empty: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue.serve(hub)
    hub.repositories["org/demo"].gated = True
    family = draft(empty, "huggingface:org/demo")
    assert (family["context_length"], family["specs"][0]["quantizations"]) == (1, ["TODO"])
    assert "specs[0].quantizations[0]" in left(empty)
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    assert draft(empty, "huggingface:org/demo", "two")["context_length"] == 32768


def test_two_sizes_are_for_a_person_to_decide(empty: Path, hub: HubServer) -> None:
    catalogue.serve(hub)
    hub.repositories["org/demo-7B"] = hub.repositories["org/demo"]
    assert draft(empty, "huggingface:org/demo-7B")["specs"][0]["size_in_billions"] == 0
    assert "The name says 7, the weights have 0_01" in (empty / "families/demo.yaml").read_text()


HOSTILE = 'x\nspecs: []\n"\': {a: b} # c\u2028!!python/object:os.system [ & * TODO'


def test_texts_of_a_repository_cannot_smuggle_yaml(empty: Path, hub: HubServer) -> None:
    config = {**catalogue.CONFIG, "architectures": [HOSTILE, "Good"], "model_type": HOSTILE,
              "quantization_config": {"quant_method": HOSTILE, "bits": 4}, "torch_dtype": HOSTILE}
    hub.add("org/demo", {
        "config.json": json.dumps(config).encode(), "model.safetensors": catalogue.WEIGHTS,
        "README.md": f"---\nlanguage: [en, {json.dumps(HOSTILE)}]\n---\n".encode(),
        "tokenizer_config.json": json.dumps({"chat_template": HOSTILE}).encode()},
        card={"license": HOSTILE[:90]},
        extra=("x: y\n-Q4_K_M.gguf", "../../a-Q4_K_M.gguf", "a{part}-Q8_0.gguf"))
    draft(empty, "huggingface:org/demo")
    text = (empty / "families/demo.yaml").read_text()
    assert "python" not in text
    assert "\u2028" not in text
    assert text.count("\nspecs:") == 1
    family: Any = plain(parse(text.encode(), "x")[0])  # type: ignore[arg-type]
    assert (family["architectures"], family["model_type"], family["licence"],
            family["languages"]) == (["Good"], "TODO", "TODO", ["TODO"])


def test_there_is_nothing_to_draft(
    empty: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    hub.add("org/empty", {"README.md": CARD})
    words = ["new", "demo", "--specs", str(empty), "--from"]
    assert main([*words, "huggingface:org/empty"]) == 1
    assert "holds no weights" in capsys.readouterr().err
    assert main([*words, "huggingface:org/none"]) == 1
    assert "org/none" in capsys.readouterr().err
    assert main([*words, "huggingface:org/empty", "--size", "7"]) == 2
    assert list(empty.rglob("*")) == []


@pytest.mark.parametrize(("path", "told"), [
    ("model_index.json", "holds a pipeline of several models"),
    ("adapter_config.json", "holds an adapter")])
def test_what_is_no_model_by_itself(
    empty: Path, hub: HubServer, capsys: pytest.CaptureFixture[str], path: str, told: str,
) -> None:
    hub.add("org/other", {path: b"{}", "weights.safetensors": catalogue.WEIGHTS})
    assert main(["new", "demo", "--specs", str(empty), "--from", "huggingface:org/other"]) == 1
    assert told in capsys.readouterr().err
    assert list(empty.rglob("*")) == []


@pytest.mark.parametrize(("repo_id", "stated", "drafted"), [
    ("nv/demo-FP8", {"quant_method": "modelopt", "quant_algo": "FP8"}, ("fp8", ["fp8"])),
    ("nv/demo-NVFP4", {"quant_method": "modelopt", "quant_algo": "NVFP4"}, ("fp4", ["fp4"])),
    ("nv/demo-mixed", {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"},
     ("pytorch", ["TODO"])),
    ("rh/demo-FP8-dynamic", {"quant_method": "compressed-tensors", "config_groups": {"g": {
        "weights": {"num_bits": 8, "type": "float"}}}}, ("fp8", ["fp8"])),
    ("rh/demo.w8a8", {"quant_method": "compressed-tensors", "config_groups": {"g": {
        "weights": {"num_bits": 8, "type": "int"}}}}, ("pytorch", ["TODO"])),
    ("q/demo-exl2", {"quant_method": "exl2", "bits": 4.25}, ("pytorch", ["TODO"])),
])
def test_methods_that_stand_for_several_formats(
    empty: Path, hub: HubServer, repo_id: str, stated: dict[str, Any], drafted: tuple[str, Any],
) -> None:
    hub.add(repo_id, {
        "config.json": json.dumps({**catalogue.CONFIG, "quantization_config": stated}).encode(),
        "model.safetensors": catalogue.WEIGHTS})
    [spec] = draft(empty, f"huggingface:{repo_id}")["specs"]
    assert (spec["format"], spec["quantizations"]) == drafted
    left(empty)


def test_what_a_person_must_decide_is_said(empty: Path, hub: HubServer) -> None:
    hub.add("lab/demo-8B", {
        "config.json": b"{}", "modules.json": b"[]", "sentence_bert_config.json": b"{}",
        "model.safetensors": models.safetensors(400), "demo-8B-Q8_0.gguf": models.described_gguf(),
        "mmproj-F16.gguf": models.gguf()})
    draft(empty, "huggingface:lab/demo-8B")
    text = (empty / "families/demo.yaml").read_text()
    assert "# It is an embedding model" in text
    assert "# Its projector files give it vision or hearing" in text
    assert all("size" not in path for path in left(empty))  # 8, as the name says


def test_a_size_that_is_still_open_contradicts_no_name(empty: Path, hub: HubServer) -> None:
    hub.add("lab/demo-8B", {"config.json": json.dumps(catalogue.CONFIG).encode(),
                            "model.safetensors": catalogue.WEIGHTS})
    draft(empty, "huggingface:lab/demo-8B")
    assert "specs[0].size_in_billions" in left(empty)


def test_a_name_that_is_taken_is_refused_before_the_hub_is_asked(
    empty: Path, hub: HubServer,
) -> None:
    assert main(["new", "demo", "--specs", str(empty)]) == 0
    assert main(["new", "demo", "--specs", str(empty), "--from", "huggingface:org/demo"]) == 2
    assert hub.seen == []


@pytest.mark.parametrize("text", [
    "", "org/name", "github:org/name", "huggingface:", "huggingface:../x", "local:../x",
    "huggingface:a b", "huggingface:org/name@", "huggingface:org/name@\n", "pypi:-x"])
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(MisuseError):
        parse_origin(text)


@pytest.mark.parametrize(("card", "found"), [
    (CARD, ["en", "zh"]), (b"---\nlanguage: en\n---\n", ["en"]),
    (b"---\r\nlanguage: 'no'\r\n---\r\n", ["no"]), (b"---\nlanguage: no\n---\n", ["no"]),
    (b"# no metadata", []), (b"---\nlanguage: en\n", []), (b"---\nlanguage: [en, x9]\n---\n", []),
    (b"---\nlanguage: &a [en]\n---\n", []), (b"---\n- en\n---\n", []), (None, []),
    (b"---\n\xff: [\n---\n", []), (b"---\nlanguage: {en: 1}\n---\n", []),
])
def test_the_languages_of_a_card(card: bytes | None, found: list[str]) -> None:
    assert languages(card) == found


@pytest.mark.parametrize(("count", "text"), [
    (8_190_735_360, "8_19"), (134_515_008, "0_135"), (235_093_634_560, "235"),
    (671_000_000_000, "671"), (1_235_814_400, "1_24"), (10_000_000, "0_01"), (100, "0")])
def test_a_count_as_people_write_it(count: int, text: str) -> None:
    from decimal import Decimal

    assert written(rounded(Decimal(count) / 10**9)) == text
