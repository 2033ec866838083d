"""Case 10: a title rule counts columns, so that a heading in any script stays a heading."""

from __future__ import annotations

import re

import pytest

from compiler.emit.rst import width
from runtime.naming import slug
from tests.support.pages import compile_specs, family_yaml, heading, html_of

NAMES = {"书生": 4, "千问大模型": 10, "通义千问 Qwen2.5": 16, "한국어": 6, "Ｑｗｅｎ": 8,
         "Qwen 🚀": 7, "超" * 30: 60}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return compile_specs(tmp_path_factory.mktemp("case10"),
                         {name: family_yaml(name, f"{name}。") for name in NAMES})


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_are_as_wide_as_the_title(out, name: str):
    lines = (out / "models/llm" / f"{slug(name)}.rst").read_text().splitlines()
    assert width(name) == NAMES[name]
    at = lines.index(name)
    for rule in (lines[at - 1], lines[at + 1]):
        assert re.fullmatch("=+", rule)
        assert len(rule) == max(40, NAMES[name])


def test_every_page_has_its_heading_and_no_warning(out, tmp_path):
    html = html_of(tmp_path, out)
    for name in NAMES:
        assert heading(html / f"{slug(name)}.html") == name
