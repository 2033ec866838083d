"""Code that comes with a model: only at a fixed commit, and templates are parsed, never run."""

from __future__ import annotations

import json

import pytest

from compiler.finding import Severity
from tests.compiler.check.wrap import findings

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def spec(revision: str | None, **hubs: object) -> str:
    whole: dict[str, object] = {
        "format": "pytorch", "size_in_billions": 7, "quantizations": ["none"],
        "repo_id": "example/demo-7B", "trust_remote_code": True,
        "hubs": hubs or {"huggingface": {}}}
    if revision is not None:
        whole["revision"] = revision
    return json.dumps({"specs": [whole]})


def unpinned(example: str) -> list[str]:
    return [item.path for item in findings(example)
            if item.code == "MB221" and item.severity is Severity.ERROR]


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:12], COMMIT.upper(), COMMIT + "0"])
def test_a_revision_that_can_move(revision: str) -> None:
    assert unpinned(spec(revision)) == ["specs[0].revision"]


def test_no_revision_at_all() -> None:
    assert unpinned(spec(None)) == ["specs[0].trust_remote_code"]


def test_a_commit() -> None:
    assert unpinned(spec(COMMIT)) == []


def test_every_hub_needs_its_own() -> None:
    assert unpinned(spec(None, huggingface={"revision": COMMIT},
                         modelscope={"revision": "master"})) == [
        "specs[0].hubs.modelscope.revision"]


def test_a_template_is_parsed_and_not_rendered() -> None:
    hostile = ("{{ ''.__class__.__mro__[1].__subclasses__() }}"
               "{% for x in range(10**9) %}{% endfor %}")
    assert not [item for item in findings(json.dumps({"chat_template": hostile}))
                if item.code == "MB264"]


@pytest.mark.parametrize("template", ["{% if x %}", "{{ x", "{% nope %}", "{{ x | }}",
                                      "{% for %}{% endfor %}", "{{" + "(" * 3000])
def test_a_template_that_does_not_parse(template: str) -> None:
    found = [item for item in findings(json.dumps({"chat_template": template}))
             if item.code == "MB264"]
    assert len(found) == 1


def test_what_engines_add_to_jinja_is_accepted() -> None:
    template = ("{%- for m in messages %}{%- if not m %}{%- continue %}{%- endif %}"
                "{%- generation %}{{ m.content | trim }}{%- endgeneration %}{%- endfor %}"
                "{{ raise_exception('x') if not messages }}{{ strftime_now('%d') }}"
                "{{ tools | tojson(indent=2) }}")
    assert not [item for item in findings(json.dumps({"chat_template": template}))
                if item.code == "MB264"]
