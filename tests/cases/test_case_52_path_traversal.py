"""File names that would leave the model's folder are refused, for whatever system they are."""

from __future__ import annotations

import json

import pytest

from compiler.finding import Severity
from tests.compiler.check.wrap import findings

HOSTILE = ["../../.ssh/authorized_keys", "/etc/x", "C:\\x", "\\\\host\\s\\x", "a/../../b.gguf",
           "C:/x.gguf", "a//b.gguf", "./x.gguf", "con.gguf", "aux/x.gguf", "a./x.gguf",
           "a /x.gguf", "x.gguf:stream", "a|b.gguf", ".git/x.gguf", "x" * 2000 + ".gguf"]


def spec(**fields: object) -> str:
    whole = {"format": "ggufv2", "size_in_billions": 7, "quantizations": ["Q4_K_M"],
             "repo_id": "example/demo-7B-GGUF", "file_template": "demo-{quantization}.gguf",
             "hubs": {"huggingface": {}}} | fields
    return json.dumps({"specs": [whole]})


def unsafe(example: str) -> list[str]:
    return [item.path for item in findings(example)
            if item.code == "MB224" and item.severity is Severity.ERROR]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_file_template(path: str) -> None:
    assert unsafe(spec(file_template=path)) == ["specs[0].file_template"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hubs_own_template(path: str) -> None:
    assert unsafe(spec(hubs={"huggingface": {"file_template": path}})) == [
        "specs[0].hubs.huggingface.file_template"]


@pytest.mark.parametrize("path", HOSTILE[:4])
def test_a_split_template(path: str) -> None:
    assert unsafe(spec(split_file_template=f"{path}-{{part}}.gguf", split_parts={
        "Q4_K_M": ["00001-of-00002", "00002-of-00002"]})) == ["specs[0].split_file_template"]


@pytest.mark.parametrize("path", HOSTILE[:4])
def test_a_projector_and_a_draft_model(path: str) -> None:
    assert unsafe(spec(multimodal_projectors=[path])) == ["specs[0].multimodal_projectors[0]"]
    assert unsafe(spec(draft={"repo_id": "example/draft", "file_template": path})) == [
        "specs[0].draft.file_template"]


def test_a_path_made_of_two_harmless_halves() -> None:
    assert unsafe(spec(file_template="a/{quantization}./x.gguf")) == ["specs[0].file_template"]
    assert unsafe(spec(split_file_template="a{part}/x.gguf", split_parts={
        "Q4_K_M": [".", "..."]})) == ["specs[0].split_file_template"]


@pytest.mark.parametrize("name", ["../evil", "x.", "CON", "a/b", "..", "a\\b"])
def test_a_name_that_becomes_a_page_path(name: str) -> None:
    found = findings(f"# file: specs/families/x.yaml\nname: {json.dumps(name)}\n")
    assert "MB402" in {item.code for item in found}


def test_folders_inside_the_repository_are_fine() -> None:
    assert unsafe(spec(file_template="{quantization}/demo-{quantization}.gguf")) == []
