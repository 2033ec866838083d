"""What the import states where: once, and readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.read.nodes import plain
from compiler.read.parse import parse


def source(repo_id: str, *quantizations: str, **more: Any) -> dict[str, Any]:
    return {"model_id": repo_id, "quantizations": list(quantizations), **more}


def spec(model_format: str, size: Any, **more: Any) -> dict[str, Any]:
    hubs = {key: more.pop(key) for key in list(more) if key in (
        "huggingface", "modelscope", "openmind_hub", "csghub", "elsewhere")}
    return {"model_format": model_format, "model_size_in_billions": size, "model_src": hubs, **more}


def imported(tmp_path: Path, *specs: dict[str, Any], **fields: Any) -> Any:
    """The plain data of the family, after proof that it exports to the same JSON."""
    family = {"model_name": "demo", "context_length": 4096, "model_lang": ["en"],
              "model_ability": ["chat"], "model_description": "A model.",
              "architectures": ["LlamaForCausalLM"], "model_specs": list(specs), **fields}
    original, out = tmp_path / "in.json", tmp_path / "out.json"
    original.write_text(json.dumps([family]), encoding="utf-8")
    assert main(["import", "xinference", str(original), "--out", str(tmp_path / "specs")]) == 0
    assert main(["export", "xinference", "--specs", str(tmp_path / "specs"),
                 "--out", str(out)]) == 0
    assert json.dumps(json.loads(out.read_text()), sort_keys=True) == json.dumps(
        [family], sort_keys=True)
    tree, _ = parse((tmp_path / "specs/families/demo.yaml").read_bytes(), "demo.yaml")
    assert tree is not None
    return plain(tree)


def test_hubs_state_only_what_differs(tmp_path: Path) -> None:
    data = imported(tmp_path, spec(
        "gptq", 7,
        huggingface=source("org/demo-{quantization}", "Int4", "Int8", model_revision="a" * 40),
        modelscope=source("Org/demo-{quantization}", "Int4"),
        openmind_hub=source("org/demo-{quantization}", "Int4", "Int8")))
    assert data["specs"] == [{
        "format": "gptq", "size_in_billions": 7, "quantizations": ["Int4", "Int8"],
        "repo_id": "org/demo-{quantization}",
        "hubs": {"huggingface": {"revision": "a" * 40},
                 "modelscope": {"repo_id": "Org/demo-{quantization}", "quantizations": ["Int4"]},
                 "openmind_hub": {}},
        "engines": ["vLLM", "Transformers", "SGLang"]}]


@pytest.mark.parametrize(("first", "second", "union", "own"), [
    (["a"], ["a", "b"], ["a", "b"], {"huggingface": ["a"]}),
    (["a"], ["b", "a"], ["b", "a"], {"huggingface": ["a"]}),
    (["a", "b"], ["b", "c"], ["a", "b", "c"],
     {"huggingface": ["a", "b"], "modelscope": ["b", "c"]}),
    (["a"], ["b"], ["a", "b"], {"huggingface": ["a"], "modelscope": ["b"]}),
    (["a", "b"], ["b", "a"], ["a", "b"], {"modelscope": ["b", "a"]}),
])
def test_the_specs_list_holds_every_quantization(
    tmp_path: Path, first: list[str], second: list[str], union: list[str],
    own: dict[str, list[str]],
) -> None:
    data = imported(tmp_path, spec(
        "mlx", 7, huggingface=source("o/m", *first), modelscope=source("o/m", *second)))
    only = data["specs"][0]
    assert only["quantizations"] == union
    assert {hub: fields["quantizations"] for hub, fields in only["hubs"].items()
            if "quantizations" in fields} == own


def test_gguf_parts_projectors_and_drafts_are_first_class(tmp_path: Path) -> None:
    gguf = {
        "model_file_name_template": "m-{quantization}.gguf",
        "model_file_name_split_template": "m-{quantization}-{part}.gguf",
        "quantization_parts": {"BF16": ["1-of-2", "2-of-2"], "F32": ["1-of-2", "2-of-2"]},
        "multimodal_projectors": ["mmproj-F16.gguf"], "draft_model_id": "o/d",
        "draft_quantizations": ["Q8_0"],
        "draft_model_file_name_template": "d-{draft_quantization}.gguf"}
    data = imported(tmp_path, spec(
        "ggufv2", "0_5", huggingface=source("o/m", "BF16", "Q8_0", **gguf),
        modelscope=source("o/m", "Q8_0", **{
            **gguf, "quantization_parts": {"F32": ["1-of-2", "2-of-2"]}})))
    # ModelScope lacks BF16, and with it the parts of BF16; F32, which no hub lists, is kept.
    assert data["specs"][0] == {
        "format": "ggufv2", "size_in_billions": "0_5", "quantizations": ["BF16", "Q8_0"],
        "repo_id": "o/m", "file_template": "m-{quantization}.gguf",
        "split_file_template": "m-{quantization}-{part}.gguf",
        "split_parts": {"BF16": ["1-of-2", "2-of-2"], "F32": ["1-of-2", "2-of-2"]},
        "multimodal_projectors": ["mmproj-F16.gguf"],
        "draft": {"repo_id": "o/d", "quantizations": ["Q8_0"],
                  "file_template": "d-{draft_quantization}.gguf"},
        "hubs": {"huggingface": {}, "modelscope": {"quantizations": ["Q8_0"]}},
        "engines": ["vLLM", "llama.cpp"]}


def test_what_ours_cannot_hold_is_kept_as_it_is(tmp_path: Path) -> None:
    data = imported(
        tmp_path,
        spec("ggufv2", 1.5, quantizations=["old"], activated_size_in_billions=None,
             huggingface=source("o/m", "none", model_file_name_template="", model_revision=None),
             modelscope=source("o/m", "none", model_file_name_template="", model_uri="x"),
             elsewhere={"anything": [1, "1"]}),
        chat_template="", is_built_in=False, prompt_style={"style_name": "x", "stop": ["a\nb"]},
        model_type="", stop=None, featured=True)
    assert data["extensions"] == {"xinference": {
        "model_type": "", "stop": None, "chat_template": "", "is_built_in": False,
        "prompt_style": {"style_name": "x", "stop": ["a\nb"]}, "featured": True}}
    only = data["specs"][0]
    assert only["size_in_billions"] == "1_5"
    assert only["extensions"] == {"xinference": {
        "model_size_in_billions": 1.5, "activated_size_in_billions": None, "quantizations": ["old"],
        "model_src": {"huggingface": {"model_file_name_template": "", "model_revision": None},
                      "modelscope": {"model_file_name_template": "", "model_uri": "x"},
                      "elsewhere": {"anything": [1, "1"]}}}}


def test_a_name_twice_is_stated_once_and_kept(tmp_path: Path) -> None:
    twice = {"model_lang": ["en", "zh", "en"], "model_ability": ["chat", "chat"]}
    data = imported(tmp_path, spec("mlx", 1, huggingface=source("o/m", "4bit")), **twice)
    assert (data["languages"], data["abilities"]) == (["en", "zh"], ["chat"])
    assert data["extensions"] == {"xinference": twice}


def test_what_every_hub_shares_in_an_extension_is_stated_once(tmp_path: Path) -> None:
    data = imported(tmp_path, spec(
        "ggufv2", 7, huggingface=source("o/m", "none", model_file_name_template=""),
        modelscope=source("o/m", "none", model_file_name_template="")))
    assert data["specs"][0]["extensions"] == {
        "xinference": {"model_src": {"*": {"model_file_name_template": ""}}}}


@pytest.mark.parametrize(("specs", "variants"), [
    ([("org/m", "Int8"), ("org/m", "Int4")], ["int8", "int4"]),
    ([("org/m-2_6", "none"), ("org/m-2_6-int4", "none")], ["plain", "int4"]),
    ([("org/m", "Q4_0", "Q4_1", "Q8_0"), ("org/m", "F16")], ["q4-0-to-q8-0", "f16"]),
    ([("a/m", "Int4"), ("b/m", "Int4")], ["a", "b"]),
    ([("org/m", "Int4"), ("org/m", "Int4")], ["int4", "int4-2"]),
])
def test_variants_are_named_after_what_differs(
    tmp_path: Path, specs: list[tuple[str, ...]], variants: list[str],
) -> None:
    data = imported(tmp_path, spec("awq", 3, huggingface=source("o/other", "Int4")), *(
        spec("awq", size, huggingface=source(*one))
        for size, one in zip((7, "7", "7_0"), specs, strict=False)))
    assert [one.get("variant") for one in data["specs"]] == [None, *variants]


def test_variants_by_hub(tmp_path: Path) -> None:
    data = imported(tmp_path, spec("awq", 7, huggingface=source("o/m", "Int4")),
                    spec("awq", 7, modelscope=source("o/m", "Int4")))
    assert [one["variant"] for one in data["specs"]] == ["huggingface", "modelscope"]


def test_variants_by_activated_size(tmp_path: Path) -> None:
    data = imported(tmp_path, *(
        spec("awq", 30, huggingface=source("o/m", "Int4"), **more)
        for more in ({"activated_size_in_billions": "0_5"}, {"activated_size_in_billions": 3}, {})))
    assert [one["variant"] for one in data["specs"]] == ["a0.5", "a3", "dense"]


@pytest.mark.parametrize(("fields", "one", "engines"), [
    ({}, spec("pytorch", 7, huggingface=source("o/m", "none")),
     ["vLLM", "Transformers", "SGLang"]),
    ({}, spec("pytorch", 7, huggingface=source("o/m", "fp8")), ["Transformers"]),
    ({}, spec("mlx", 7, huggingface=source("o/m", "4bit")), ["MLX"]),
    ({"architectures": ["InternVLChatModel"], "model_ability": ["chat", "vision"]},
     spec("awq", 7, huggingface=source("o/m", "Int4")), ["vLLM", "Transformers", "LMDeploy"]),
    ({"architectures": ["HYV3ForCausalLM"]}, spec("fp8", 7, huggingface=source("o/m", "fp8")),
     ["SGLang"]),
    ({"architectures": ["Unheard"]}, spec("fp8", 7, huggingface=source("o/m", "fp8")), []),
    # A page prints Hugging Face's quantizations, so ModelScope's count for nothing there.
    ({}, spec("gptq", 7, modelscope=source("o/m", "Int4"), huggingface=source("o/m", "x")),
     ["Transformers", "SGLang"]),
    ({}, spec("gptq", 7, modelscope=source("o/m", "Int4")), ["vLLM", "Transformers", "SGLang"]),
])
def test_claims(tmp_path: Path, fields: dict[str, Any], one: dict[str, Any],
                engines: list[str]) -> None:
    assert imported(tmp_path, one, **fields)["specs"][0]["engines"] == engines


def test_family_order_is_kept(tmp_path: Path) -> None:
    names = ["zeta", "Alpha", "mid"]
    families = [{"model_name": name, "context_length": 1, "model_lang": ["en"], "version": 2,
                 "model_ability": ["chat"], "model_description": "",
                 "model_specs": [spec("mlx", 1, huggingface=source("o/m", "4bit"))]}
                for name in names]
    (tmp_path / "in.json").write_text(json.dumps(families), encoding="utf-8")
    specs = tmp_path / "specs"
    assert main(["import", "xinference", str(tmp_path / "in.json"), "--out", str(specs)]) == 0

    def exported() -> list[str]:
        assert main(["export", "xinference", "--specs", str(specs),
                     "--out", str(tmp_path / "out.json")]) == 0
        return [family["model_name"] for family in json.loads(
            (tmp_path / "out.json").read_text(encoding="utf-8"))]

    assert exported() == names
    new = (specs / "families/mid.yaml").read_text(encoding="utf-8").replace("mid", "added")
    (specs / "families/added.yaml").write_text(new, encoding="utf-8")
    assert exported() == [*names, "added"]
    (specs / "catalogue.yaml").unlink()
    assert exported() == ["added", "Alpha", "mid", "zeta"]


def test_a_line_left_over_in_the_order_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    imported(tmp_path, spec("mlx", 1, huggingface=source("o/m", "4bit")))
    (tmp_path / "specs/catalogue.yaml").write_text("families: [demo, gone]\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(tmp_path / "specs")]) == 1
    assert "catalogue.yaml:1:18: error[MB020]: there is no family gone" in capsys.readouterr().out
    assert main(["export", "xinference", "--specs", str(tmp_path / "specs"), "--out", "-"]) == 1


@pytest.mark.parametrize("form", ["xinference", "llama-swap", "docker-compose"])
def test_an_export_names_two_families_of_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str,
) -> None:
    imported(tmp_path, spec("mlx", 1, huggingface=source("o/m", "4bit")))
    families = tmp_path / "specs/families"
    (families / "twin.yaml").write_bytes((families / "demo.yaml").read_bytes())
    capsys.readouterr()
    assert main(["export", form, "--specs", str(tmp_path / "specs"),
                 "--out", str(tmp_path / "two")]) == 1
    assert "twin.yaml: another file has a family demo, too" in capsys.readouterr().err
    assert not (tmp_path / "two").exists()


REFUTED = {"model_format": "ggufv2", "model_size_in_billions": 7, "model_src": {
    "huggingface": source("o/demo-7B-GGUF", "none", model_file_name_template="demo-7B.gguf",
                          quantization_parts={"BF16": ["00001-of-00002"]},
                          model_file_name_split_template="demo-7B-{quantization}-{part}.gguf")}}


def test_claims_are_kept_on_request_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    imported(tmp_path, REFUTED)
    build = ["build", "--specs", str(tmp_path / "specs"), "--profile", "xinference",
             "--out", str(tmp_path / "out")]
    assert main(build) == 1
    assert not (tmp_path / "out").exists()
    capsys.readouterr()
    assert main([*build, "--keep-claims"]) == 0
    said = capsys.readouterr()
    assert "error[MB233]" in said.err
    assert "kept in spite of 1 error" in said.err
    assert "0 warnings" not in said.err
    assert "- **Quantizations:** none" in (tmp_path / "out/models/llm/demo.rst").read_text()

    # What breaks the schema cannot be compiled at all.
    path = tmp_path / "specs/families/demo.yaml"
    path.write_text(path.read_text().replace("context_length: 4096", "context_length: long"))
    assert main([*build, "--keep-claims"]) == 1


def test_lmdeploy_is_spelled_as_its_pages_do(tmp_path: Path) -> None:
    imported(tmp_path, spec("pytorch", 8, huggingface=source("o/demo-8B", "none")),
             architectures=["InternVLChatModel"], model_ability=["chat", "vision"])
    assert main(["build", "--specs", str(tmp_path / "specs"), "--profile", "xinference",
                 "--keep-claims", "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out/models/llm/demo.rst").read_text(encoding="utf-8")
    assert "- **Engines**: vLLM, Transformers, LMDEPLOY\n" in page
