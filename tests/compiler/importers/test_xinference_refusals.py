"""Files that are no catalogue, hostile names, and folders with something else in them."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main

FAMILY: dict[str, Any] = {
    "version": 2, "context_length": 4096, "model_name": "demo", "model_lang": ["en"],
    "model_ability": ["chat"], "model_description": "A model.",
    "architectures": ["LlamaForCausalLM"],
    "model_specs": [{"model_format": "pytorch", "model_size_in_billions": 7, "model_src": {
        "huggingface": {"model_id": "org/demo", "quantizations": ["none"]}}}],
}


def changed(path: str, value: Any) -> list[Any]:
    """The catalogue with `FAMILY`, with the value at the dotted path replaced; `...` deletes it."""
    catalogue = [copy.deepcopy(FAMILY)]
    place: Any = catalogue[0]
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return catalogue


def import_text(tmp_path: Path, text: str | bytes, *more: str) -> int:
    source = tmp_path / "in.json"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return main(["import", "xinference", str(source), "--out", str(tmp_path / "specs"), *more])


@pytest.mark.parametrize(("path", "value", "message"), [
    ("model_name", ..., "$[0]: the field 'model_name' is missing"),
    ("model_name", 7, "$[0].model_name: expected text, got a whole number"),
    ("context_length", "4096", "$[0].context_length: expected a whole number, got text"),
    ("context_length", True, "$[0].context_length: expected a whole number, got true or false"),
    ("model_lang", "en", "$[0].model_lang: expected a list, got text"),
    ("model_lang", ["en", 7], "$[0].model_lang[1]: expected text, got a whole number"),
    ("model_specs", [], "$[0].model_specs: a family has at least one spec"),
    ("model_specs.0", None, "$[0].model_specs[0]: expected an object, got null"),
    ("model_specs.0.model_src", ..., "$[0].model_specs[0]: the field 'model_src' is missing"),
    ("model_specs.0.model_src", {}, "$[0].model_specs[0].model_src: it names no hub"),
    ("model_specs.0.model_src", {"elsewhere": {}}, "model_src: it names no hub"),
    ("model_specs.0.model_src.elsewhere", "x", "model_src.elsewhere: expected an object, got text"),
    ("model_specs.0.model_src.huggingface.quantizations", [], "at least one quantization"),
    ("model_specs.0.model_src.huggingface.model_id", ..., "the field 'model_id' is missing"),
    ("model_specs.0.model_size_in_billions", "big", "'big' is not a size in billions"),
    ("model_specs.0.model_size_in_billions", -7, "-7 is not a size in billions"),
    ("updated_at", 10**18, "cannot hold the number"),
    ("model_description", "a \ud800", "lone surrogate"),
    ("left_over", json.loads("[" * 60 + "]" * 60), "nested more than"),
    ("model_description", "x" * 2**20, "larger than"),
])
def test_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, value: Any,
                    message: str) -> None:
    assert import_text(tmp_path, json.dumps(changed(path, value))) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize(("text", "message"), [
    ("{}", "$: expected a list, got an object"),
    ("[7]", "$[0]: expected an object, got a whole number"),
    ("[]", "holds no families"),
    ("[", "line 1, column 2: not JSON"),
    ("", "line 1, column 1: not JSON"),
    (b"\xff\xfe", "byte 1 is not UTF-8"),
    ('[{"a": 1, "a": 2}]', "has the key 'a' twice"),
    ('[{"a": NaN}]', "NaN is not a JSON number"),
    ("[" * 100_000, "nested too deep"),
    ("[" + "9" * 5000 + "]", "digits"),
])
def test_refuses_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                             text: str | bytes, message: str) -> None:
    assert import_text(tmp_path, text) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize("name", [
    "../x", "a/b", "/etc/x", "..", "", " x", "x ", "x.", "CON", "nul.x", "a\\b", "a:b", "a\nb",
    ".hidden", "-x", "x" * 300, "名" * 90, "a\0b"])
def test_refuses_names_that_are_no_file_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str,
) -> None:
    assert import_text(tmp_path, json.dumps(changed("model_name", name))) == 1
    assert "error[import-name]" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.json"]


@pytest.mark.parametrize("other", ["demo", "Demo", "DEMO"])
def test_refuses_two_families_of_one_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str,
) -> None:
    catalogue = [FAMILY, {**FAMILY, "model_name": other}]
    assert import_text(tmp_path, json.dumps(catalogue)) == 1
    assert "'demo'" in capsys.readouterr().err


def test_missing_file_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "xinference", str(tmp_path / "no.json"), "--out", str(tmp_path)]) == 2
    assert main(["import", "nothing", str(tmp_path / "no.json"), "--out", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps([FAMILY])
    assert import_text(tmp_path, text) == 0
    mine = tmp_path / "specs/families/mine.yaml"
    mine.write_text("name: mine\n", encoding="utf-8")
    demo = tmp_path / "specs/families/demo.yaml"
    before = demo.stat().st_mtime_ns
    assert import_text(tmp_path, text) == 0
    assert demo.stat().st_mtime_ns == before

    demo.write_text("name: demo # edited\n", encoding="utf-8")
    capsys.readouterr()
    assert import_text(tmp_path, text) == 1
    assert "families/demo.yaml" in capsys.readouterr().err
    assert demo.read_text(encoding="utf-8") == "name: demo # edited\n"

    assert import_text(tmp_path, text, "--force") == 0
    assert "edited" not in demo.read_text(encoding="utf-8")
    assert mine.read_text(encoding="utf-8") == "name: mine\n"
    assert sorted(path.name for path in (tmp_path / "specs").iterdir()) == [
        "catalogue.yaml", "families"]


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_never_writes_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/families").symlink_to(elsewhere)
    assert import_text(tmp_path, json.dumps([FAMILY]), "--force") == 1
    assert "symbolic link" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())
