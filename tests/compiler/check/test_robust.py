"""Nothing that a schema lets through makes a rule fail or take its time."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.finding import Finding
from compiler.read.nodes import plain
from compiler.read.parse import parse
from tests.compiler.check.test_examples import EXAMPLES
from tests.compiler.check.wrap import SCHEMAS, findings

WHOLE: dict[str, Any] = plain(parse(  # type: ignore[assignment,arg-type]
    (EXAMPLES / "valid/every-field.yaml").read_bytes(), "x")[0])
SCHEMA = jsonschema_rs.Draft7Validator(
    json.loads((SCHEMAS / "family.schema.json").read_text(encoding="utf-8")))
LENGTH = 200_000

TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("{}[]()*_-./\\ 0189axBb~"), max_size=30),
    st.sampled_from([
        "", "-", "--x", "{quantization}", "{part}", "{", "}{", "{{x}}", "../x", "a/b", "a//b", "7B",
        "8x7B", "A3B", "org/" + "1" * 5000 + "B", "1" * 5000, "9x9x9B", "none", "NONE", "Q4_K_M",
        "00001-of-99999999999999", "1-of-999999999", "0-of-0", "2026-02-30", "0000-00-00", "main",
        "vLLM", "VLLM", "demo", "https://x", "a" * 3000, "\u202e", "書生", "🚀", "no", "1_8", "0",
    ]))
VALUES = st.one_of(TEXTS, st.integers(-2, 10**18), st.booleans(), st.none(),
                   st.lists(TEXTS, max_size=4), st.just({}))


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(node, dict):
        for key, value in node.items():
            found += leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found += leaves(value, (*path, index))
    return found


PATHS = leaves(WHOLE)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES, st.booleans()), min_size=1, max_size=4))
def test_any_family_that_fits_the_schema_is_checked(
    changes: list[tuple[tuple[Any, ...], Any, bool]],
) -> None:
    family = copy.deepcopy(WHOLE)
    for path, value, delete in changes:
        change(family, path, value, delete=delete)
    if not SCHEMA.is_valid(family):
        return
    example = f"# file: specs/families/every-field.yaml\n{json.dumps(family, ensure_ascii=False)}"
    _, unreadable = parse(example.encode(), "x")
    if unreadable:
        return  # characters that the reader refuses

    for item in findings(example):
        assert isinstance(item, Finding)
        assert item.span.line >= 1


def change(node: Any, path: tuple[Any, ...], value: Any, *, delete: bool) -> None:
    try:
        for step in path[:-1]:
            node = node[step]
        if delete:
            del node[path[-1]]
        else:
            node[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return  # an earlier change took the place away


@pytest.mark.parametrize("text", [
    "[" * LENGTH, "<a " * (LENGTH // 3), "`a <" * (LENGTH // 4), "**a" * (LENGTH // 3),
    "{" * LENGTH, "1x" * (LENGTH // 2), "1." * (LENGTH // 2), "a-" * (LENGTH // 2),
    "1" * LENGTH, "7B-" * (LENGTH // 3), "{{" * (LENGTH // 2), "{%" * (LENGTH // 2),
    "{% if x %}" * (LENGTH // 10), "{{ " + "9" * LENGTH, "(" * LENGTH, " " * LENGTH,
], ids=lambda text: text[:6])
@pytest.mark.parametrize("field", ["description", "chat_template", "repo_id", "file_template"])
def test_long_hostile_text_takes_no_time(field: str, text: str) -> None:
    family = copy.deepcopy(WHOLE)
    if field in family:
        family[field] = text
    else:
        family["specs"][3][field] = text
    example = json.dumps(family)
    if not SCHEMA.is_valid(family):
        pytest.skip("the schema refuses it")

    start = time.process_time()
    findings(f"# file: specs/families/every-field.yaml\n{example}")
    assert time.process_time() - start < 2


def test_totals_beyond_measure() -> None:
    spec = WHOLE["specs"][3] | {"split_parts": {"BF16": ["000000001-of-999999999", "x" * 9000]}}
    found = findings("# file: specs/families/every-field.yaml\n"
                     + json.dumps(WHOLE | {"specs": [spec]}))
    assert "MB234" in {item.code for item in found}


def test_patterns_that_stand_for_more_names_than_can_be_told() -> None:
    formats = {name: {"title": name, "description": "x", "layout": "folder",
                      "quantizations": ["[abc]" * 40]} for name in ("awq", "gptq")}
    start = time.process_time()
    found = findings(f"# file: specs/formats.yaml\n{json.dumps({'formats': formats})}\n"
                     "# file: specs/families/demo.yaml\nspecs:\n- format: awq\n"
                     "  size_in_billions: 1\n  quantizations: [Int4]\n  repo_id: org/demo-1B-AWQ\n"
                     "  hubs: {huggingface: {}}\n")
    assert "MB240" in {item.code for item in found}
    assert time.process_time() - start < 2
