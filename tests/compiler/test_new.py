from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from compiler.check.rules import todo_left
from compiler.check.view import FamilyView
from compiler.cli import main
from compiler.fmt import format_file
from compiler.new import Facts, SpecFacts, skeleton
from compiler.plan import plan
from compiler.read.nodes import Mapping, plain
from compiler.read.parse import parse
from runtime.support import matches

SCHEMA = Path("compiler/schema/family.schema.json")
FORMATS = json.loads(SCHEMA.read_text("utf-8"))["properties"]["specs"]["items"]["properties"][
    "format"]["enum"]


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    return tmp_path / "specs"


def read(path: Path) -> Mapping:
    tree, findings = parse(path.read_bytes(), str(path))
    assert findings == []
    assert isinstance(tree, Mapping)
    return tree


def todos(root: Mapping) -> list[str]:
    family: Any = FamilyView("demo.yaml", root, None)  # type: ignore[arg-type]
    return [problem.path for problem in todo_left.check(family)]


def test_the_skeleton_passes_the_schema_and_is_formatted(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    options = [word for name in FORMATS for word in ("--format", name)]
    assert main(["new", "demo", "--specs", str(specs), *options]) == 0
    path = specs / "families" / "demo.yaml"
    out = capsys.readouterr()
    assert out.out == f"{path}\n"
    assert f"compiler check {path}" in out.err
    root = read(path)
    validator = jsonschema_rs.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert list(validator.iter_errors(plain(root))) == []
    assert not format_file(path).changed
    assert [entry.name for entry in path.parent.iterdir()] == ["demo.yaml"]


def test_every_placeholder_is_reported_and_nothing_else(specs: Path) -> None:
    main(["new", "demo", "--specs", str(specs), "--format", "ggufv2"])
    assert todos(read(specs / "families" / "demo.yaml")) == [
        "context_length", "description", "architectures[0]", "model_type",
        "specs[0].size_in_billions", "specs[0].repo_id", "specs[0].file_template"]


def test_what_is_given_is_no_placeholder(specs: Path) -> None:
    assert main(["new", "demo", "--specs", str(specs), "--format", "gptq", "--size", "1.8",
                 "--repo-id", "org/demo-{quantization}", "--quantization", "Int4",
                 "--quantization", "Int8"]) == 0
    root = read(specs / "families" / "demo.yaml")
    data: Any = plain(root)
    assert data["specs"] == [{
        "format": "gptq", "size_in_billions": "1_8", "quantizations": ["Int4", "Int8"],
        "repo_id": "org/demo-{quantization}", "hubs": {"huggingface": {}}}]
    assert not any(path.startswith("specs") for path in todos(root))


def test_a_skeleton_of_known_facts_has_nothing_left_to_fill_in() -> None:
    facts = Facts("no", [SpecFacts("pytorch", "7", "org/no-7B", revision="0" * 40)],
                  context_length=131072, languages=["no", "en"], abilities=["chat", "tools"],
                  description="Norsk: ja.", architectures=["LlamaForCausalLM"],
                  model_type="llama", hubs=["huggingface", "modelscope"])
    tree, findings = parse(skeleton(facts, schema=None).encode(), "no.yaml")
    assert findings == []
    assert isinstance(tree, Mapping)
    data: Any = plain(tree)
    assert (data["name"], data["languages"], data["description"]) == (
        "no", ["no", "en"], "Norsk: ja.")
    assert list(data["specs"][0]["hubs"]) == ["huggingface", "modelscope"]
    assert todos(tree) == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_quantization_is_one_of_the_format(specs: Path, name: str) -> None:
    main(["new", "demo", "--specs", str(specs), "--format", name])
    data: Any = plain(read(specs / "families" / "demo.yaml"))
    formats: Any = plain(read(Path("specs/formats.yaml")))
    [quantization] = data["specs"][0]["quantizations"]
    assert matches(quantization, formats["formats"][name]["quantizations"])


def test_the_modeline_leads_to_the_schema_of_the_checkout(specs: Path) -> None:
    schema = specs.parent / "compiler" / "schema" / "family.schema.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    main(["new", "demo", "--specs", str(specs)])
    first = (specs / "families" / "demo.yaml").read_text().split("\n")[0]
    assert first == "# yaml-language-server: $schema=../../compiler/schema/family.schema.json"


@pytest.mark.parametrize("name", [
    "", " ", "a/b", "../evil", ".hidden", "-x", "index", "GenIndex", "con", "x.", "a\nb", "a:b",
    "x" * 101, " demo", "a\\b", "a~b", "self", "demo.md"])
def test_a_name_that_cannot_be(specs: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--specs", str(specs), "--", name]) == 2
    assert "cannot be a family's name" in capsys.readouterr().err
    assert list(specs.rglob("*.yaml")) == []


@pytest.mark.parametrize(("there", "name"), [
    ("demo", "demo"), ("Demo", "demo"), ("a b", "a-b"), ("a-b", "A B"),
])
def test_a_name_that_is_taken(
    specs: Path, there: str, name: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["new", there, "--specs", str(specs)]) == 0
    before = (specs / "families" / f"{there}.yaml").read_bytes()
    assert main(["new", name, "--specs", str(specs)]) == 2
    assert "name-taken" in capsys.readouterr().err
    assert [path.name for path in (specs / "families").iterdir()] == [f"{there}.yaml"]
    assert (specs / "families" / f"{there}.yaml").read_bytes() == before


def test_a_name_that_a_family_in_another_file_has(specs: Path) -> None:
    (specs / "families").mkdir()
    (specs / "families" / "other.yaml").write_text("name: Demo\n")
    assert main(["new", "demo", "--specs", str(specs)]) == 2


@pytest.mark.parametrize(("options", "said"), [
    (["--format", "gguf"], "did you mean ggufv2"),
    (["--size", "seven"], "'seven' is not a size"),
    (["--size", "0"], "is not a size"),
    (["--format", "awq", "--format", "gptq", "--repo-id", "o/n"], "belong to one format"),
])
def test_options_that_cannot_be(
    specs: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["new", "demo", "--specs", str(specs), *options]) == 2
    assert said in capsys.readouterr().err
    assert list(specs.iterdir()) == []


def test_a_specs_folder_that_is_not_there(tmp_path: Path) -> None:
    assert main(["new", "demo", "--specs", str(tmp_path / "spec")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_file_has_the_usual_permissions(specs: Path) -> None:
    main(["new", "demo", "--specs", str(specs)])
    mask = os.umask(0)
    os.umask(mask)
    mode = (specs / "families" / "demo.yaml").stat().st_mode
    assert stat.S_IMODE(mode) == 0o666 & ~mask


def test_the_skeleton_plans(specs: Path) -> None:
    main(["new", "demo", "--specs", str(specs)])
    root = read(specs / "families" / "demo.yaml")

    class Document:
        kind = "family"
        relative = "families/demo.yaml"
        lock = None

    Document.root = root  # type: ignore[attr-defined]
    [family] = plan([Document()]).families  # type: ignore[list-item]
    assert family.specs[0].hubs[0].repo_id == "TODO/demo"


def test_check_reports_the_placeholders_and_nothing_else(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    main(["new", "demo", "--specs", str(specs), "--format", "gptq"])
    capsys.readouterr()
    path = specs / "families" / "demo.yaml"
    assert main(["check", "--no-info", "--format", "json", str(path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {finding["code"] for finding in found["findings"]} == {"MB270"}
