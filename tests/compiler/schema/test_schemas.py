"""The schema files: fit for editors, in step with the code, and the same to two validators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from compiler.cli import main
from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.schema import files, manifest
from runtime import manifest as contract
from tests.support.specs import manifest_bytes
from tests.support.yaml_specs import FAMILY, problems

ROOT = Path(__file__).parents[3]
EDITED = ("family", "engine", "formats", "catalogue")
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
EXAMPLES = Path(__file__).parent / "examples"


def kind_of(path: Path) -> str:
    return {"engines": "engine", "families": "family"}.get(
        path.parent.name, "catalogue" if path.stem == "catalogue" else "formats")


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from nodes(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from nodes(value, f"{path}/{number}")


@pytest.mark.parametrize("kind", EDITED)
def test_no_alternatives_that_hide_the_leaf(kind: str) -> None:
    for path, node in nodes(files.load(kind)):
        if path.endswith("/properties"):
            continue
        assert not {"oneOf", "anyOf", "not"} & node.keys(), path
        # The reader reads `1.0` as a number with a point; no field takes one (see `validate`).
        assert node.get("type") != "number", path


@pytest.mark.parametrize("kind", EDITED)
def test_every_property_has_a_description(kind: str) -> None:
    for path, node in nodes(files.load(kind)):
        properties = node.get("properties")
        if not isinstance(properties, dict) or path.endswith("/properties"):
            continue
        for name, value in properties.items():
            assert value.get("description"), f"{path}/properties/{name}"
        assert "additionalProperties" in node, path


@pytest.mark.parametrize("kind", EDITED)
def test_schemas_are_valid_draft_7(kind: str) -> None:
    schema = files.load(kind)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)
    for path, node in nodes(schema):
        if isinstance(node.get("enum"), list):
            assert len(set(node["enum"])) == len(node["enum"]), path


def test_schemas_name_the_shipped_formats() -> None:
    tree, _ = parse((ROOT / "specs/formats.yaml").read_bytes(), "formats.yaml")
    assert tree is not None
    names = list(plain(tree)["formats"])  # type: ignore[index]
    for kind in ("family", "engine"):
        for path, node in nodes(files.load(kind)):
            shape = node.get("format")
            if path.endswith("properties") and isinstance(shape, dict) and "enum" in shape:
                assert shape["enum"] == names, (kind, path)


@pytest.mark.parametrize("kind", ["manifest", "lock"])
def test_the_generated_schemas_are_up_to_date(kind: str) -> None:
    assert files.text(kind) == manifest.text(kind), (
        f"run: python -m compiler.schema.manifest {kind} > compiler/schema/{kind}.schema.json")


def test_the_manifest_schema_accepts_the_shipped_manifest() -> None:
    schema = files.load("manifest")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(json.loads(manifest_bytes()))
    jsonschema.Draft202012Validator(schema).validate(json.loads(manifest_bytes()))
    broken = json.loads(manifest_bytes()) | {"unknown": 1}
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(broken)
    assert set(schema["$defs"]) >= {"Manifest", "Family", "Spec", "Hub", "Engine"}
    assert contract.FORMAT_VERSION == 1


@pytest.mark.parametrize("kind", ["manifest", "lock"])
def test_every_property_of_a_generated_schema_has_a_description(kind: str) -> None:
    for name, definition in files.load(kind)["$defs"].items():
        for key, value in definition["properties"].items():
            assert value.get("description"), f"{name}.{key}: say it in the record's docstring"


def error_paths(validator: Any, instance: object) -> list[tuple[str | int, ...]]:
    return sorted(
        (tuple(getattr(error, "instance_path", None) or getattr(error, "absolute_path", ()))
         for error in validator.iter_errors(instance)),
        key=repr)


@pytest.mark.parametrize(
    "path", [*SPECS, *sorted(EXAMPLES.rglob("*.yaml"))],
    ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_two_validators_agree(path: Path) -> None:
    tree, findings = parse(path.read_bytes(), path.name)
    assert tree is not None, findings
    kind = path.stem.split("-")[0] if EXAMPLES in path.parents else kind_of(path)
    schema, instance = files.load(kind), plain(tree)
    ours = error_paths(jsonschema_rs.Draft7Validator(schema), instance)
    assert ours == error_paths(jsonschema.Draft7Validator(schema), instance)
    assert bool(ours) == ("invalid" in path.parts)


@pytest.mark.parametrize("kind", [*EDITED, "manifest", "lock"])
def test_printed_and_written_as_shipped(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema", kind]) == 0
    assert capsys.readouterr().out == files.text(kind)
    target = tmp_path / "x.json"
    assert main(["schema", kind, "--out", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == files.text(kind)
    assert list(tmp_path.iterdir()) == [target]
    assert main(["schema", kind, "--out", str(target / "x.json")]) == 1
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("escape", [r"\n", r"\x1b", r"\x85", r"\x9b", r"\u2028", r"\u202e"])
@pytest.mark.parametrize(("key", "value"), [
    ("name", "demo"), ("licence", "mit"), ("quantizations", "none"), ("repo_id", "org/demo"),
    ("engines", "vLLM"), ("file_template", "x.gguf"),
])
def test_no_name_holds_a_control_character(key: str, value: str, escape: str) -> None:
    text = FAMILY.replace("languages: [en]", "languages: [en]\nlicence: mit")
    hostile = f'"{value}{escape}"'
    lines = [line for line in text.splitlines() if not line.strip().startswith(f"{key}:")]
    written = f"[{hostile}]" if key in ("quantizations", "engines") else hostile
    at = 0 if key in ("name", "licence") else lines.index("    hubs:")
    lines.insert(at, ("    " if at else "") + f"{key}: {written}")
    found = problems("\n".join(lines))
    assert [finding.code for finding in found] == ["MB105"], found
    assert "control character" in found[0].hint
    assert "\\" in found[0].message, "it is shown, not folded away"


@pytest.mark.parametrize("escape", [r"\e]0;x\a", r"\x7f", r"\x9b", r"\u202e", r"\u2066"])
@pytest.mark.parametrize("line", [
    'description: "two\\r\\nlines @"', 'deprecated: {since: 2026-01-01, reason: "two\\nlines @"}'])
def test_no_text_for_readers_steers_a_terminal(line: str, escape: str) -> None:
    family = "\n".join(each for each in FAMILY.splitlines()
                       if not each.startswith(line.split(":")[0]))
    assert not problems(f"{family}\n{line.replace('@', '')}\n")
    found = problems(f"{family}\n{line.replace('@', escape)}\n")
    assert [finding.code for finding in found] == ["MB105"], found
    assert "control character U+00" in found[0].hint or "control character U+20" in found[0].hint
    assert found[0].hint.count("U+000A") == 0


@pytest.mark.parametrize(("key", "value"), [("context_length", "8192"),
                                            ("size_in_billions", "1_8")])
def test_a_number_with_too_many_digits_is_called_too_large(key: str, value: str) -> None:
    for digits in (19, 300):
        [found] = problems(FAMILY.replace(f"{key}: {value}", f"{key}: {'9' * digits}"))
        assert found.message.endswith(" is too large")


def test_a_line_end_in_a_formats_name() -> None:
    text = ('formats:\n  "gguf\\n": {title: T, description: D., layout: folder, '
            "quantizations: [none]}\n")
    assert [found.code for found in problems(text, "formats")] == ["MB105"]
