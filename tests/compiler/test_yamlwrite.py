"""The YAML writer: what is read back is what was written, and a person would have written it so."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.yamlwrite import WIDTH, write

CHARS = st.characters(exclude_categories=("Cs",))
TRICKY = st.sampled_from(" \n\ta:#-{}[],'\"\\é🚀\u3000\xa0|>%@`&*!?=<.\u2028\x85\ufeff0")
TEXTS = st.one_of(
    st.text(CHARS, max_size=30),
    st.text(TRICKY, max_size=50),
    st.lists(st.text(st.sampled_from("ab,:#{'\" \n"), min_size=1, max_size=9),
             max_size=40).map(" ".join),
    st.sampled_from(["no", "1_8", "1e3", "2024-01-01", "~", "null", "0x1f", "12:30:45", "<<", "="]))
SCALARS = st.one_of(
    TEXTS, st.integers(-10**17, 10**17), st.booleans(), st.none(),
    st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-5))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12)


def read(text: str) -> object:
    tree, findings = parse(text.encode(), "test.yaml")
    assert tree is not None, (text, findings)
    assert not findings, (text, findings)
    return plain(tree)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.booleans())
def test_reads_back_as_written(data: dict[str, object], spaced: bool) -> None:
    text = write(data, spaced=list(data) if spaced else ())
    # As JSON text: 1, 1.0 and true are equal in Python.
    assert json.dumps(read(text)) == json.dumps(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(categories=("Ll", "Lo")), min_size=1, max_size=12),
                min_size=1, max_size=60))
def test_prose_stays_within_the_width(words: list[str]) -> None:
    text = write({"description": " ".join(words)})
    assert all(len(line) <= WIDTH for line in text.split("\n"))


def test_looks_written_by_hand() -> None:
    text = write({
        "name": "demo", "languages": ["en", "no"], "description": "word " * 25 + "end.",
        "specs": [
            {"format": "ggufv2", "size_in_billions": "0_5",
             "quantizations": [f"UD-Q{n}_K_XL" for n in range(12)],
             "file_template": "{quantization}/demo.gguf",
             "hubs": {"huggingface": {}, "modelscope": {"repo_id": "o/demo-{quantization}"}}},
            {"format": "awq", "size_in_billions": "7", "quantizations": ["Int4"]}],
        "chat_template": "{% if a %}\n  {{ a }}\n{% endif %}\n",
        "extensions": {"x": {"packages": ['a ; #engine# == "b"', "c"], "on": True}},
    }, header="# modeline\n", spaced=("specs", "chat_template", "extensions"))
    assert text == '''# modeline
name: demo
languages: [en, "no"]
description: >-
  word word word word word word word word word word word word word word word word word word word
  word word word word word word end.

specs:
  - format: ggufv2
    size_in_billions: 0_5
    quantizations:
      [UD-Q0_K_XL, UD-Q1_K_XL, UD-Q2_K_XL, UD-Q3_K_XL, UD-Q4_K_XL, UD-Q5_K_XL, UD-Q6_K_XL,
       UD-Q7_K_XL, UD-Q8_K_XL, UD-Q9_K_XL, UD-Q10_K_XL, UD-Q11_K_XL]
    file_template: "{quantization}/demo.gguf"
    hubs:
      huggingface: {}
      modelscope: {repo_id: "o/demo-{quantization}"}

  - format: awq
    size_in_billions: "7"
    quantizations: [Int4]

chat_template: |
  {% if a %}
    {{ a }}
  {% endif %}

extensions:
  x:
    packages:
      - 'a ; #engine# == "b"'
      - c
    "on": true
'''


@pytest.mark.parametrize("value", [10**18, float("inf"), float("nan"), 1e-40])
def test_refuses_numbers_that_would_not_read_back(value: float) -> None:
    with pytest.raises(ValueError, match="cannot hold the number"):
        write({"a": value})


def test_refuses_lone_surrogates() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        write({"a": "\ud800"})
