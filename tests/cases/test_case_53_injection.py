"""Values that a program would read as an option are refused before any command is made of them."""

from __future__ import annotations

import json

import pytest

from tests.compiler.check.wrap import SCHEMAS, findings


def spec(**fields: object) -> str:
    whole = {"format": "ggufv2", "size_in_billions": 7, "quantizations": ["Q4_K_M"],
             "repo_id": "example/demo-7B-GGUF", "file_template": "demo-7B-{quantization}.gguf",
             "hubs": {"huggingface": {}}} | fields
    return json.dumps({"specs": [whole]})


@pytest.mark.parametrize("fields", [
    {"repo_id": "--trust-remote-code"},
    {"revision": "-rf"},
    {"file_template": "-m.gguf"},
    {"split_file_template": "--{part}", "split_parts": {"Q4_K_M": ["00001-of-00001"]}},
    {"multimodal_projectors": ["-mmproj.gguf"]},
    {"hubs": {"modelscope": {"repo_id": "-x/y"}}},
    {"draft": {"repo_id": "--x"}},
])
def test_values_that_look_like_options(fields: dict[str, object]) -> None:
    assert "MB223" in {item.code for item in findings(spec(**fields))}


@pytest.mark.parametrize("repo_id", ["org/-x", "-org/x", "org/--x"])
def test_either_half_of_an_id(repo_id: str) -> None:
    assert {"MB211", "MB223"} & {item.code for item in findings(spec(repo_id=repo_id))}


@pytest.mark.parametrize("repo_id", ["org/$(id)", "org/x;touch", "org/`id`", "org/x&y", "org/'x'",
                                     "https://huggingface.co/org/x", "org", "a/b/c"])
def test_ids_that_no_hub_has(repo_id: str) -> None:
    assert "MB211" in {item.code for item in findings(spec(repo_id=repo_id))}


def test_quantizations_and_parsers_cannot_hold_shell_text() -> None:
    schema = json.loads((SCHEMAS / "family.schema.json").read_text())
    quantization = schema["properties"]["specs"]["items"]["properties"]["quantizations"]["items"]

    for pattern in (quantization["pattern"],
                    schema["properties"]["tool_parser"]["additionalProperties"]["pattern"]):
        assert pattern.startswith("^[A-Za-z0-9")
        assert not set("$`;&| ") & set(pattern.strip("^$"))
