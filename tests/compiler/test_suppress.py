"""Suppression comments: what they accept, and what is said about those that are off."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler import suppress
from compiler.finding import Finding, Severity, Span
from tests.support.yaml_specs import checked, read


def apply(text: str, *found: tuple[int, str]) -> list[tuple[int, str]]:
    tree, findings = read(text)
    assert tree is not None, findings
    made = [Finding("f", Span(line, 1, line, 2), Severity.WARNING, code, "m")
            for line, code in found]
    kept = suppress.apply(made, {"f": text}, {"f": tree})
    return sorted((one.span.line, one.code) for one in kept)


def test_on_the_line_and_on_the_line_above() -> None:
    assert apply("a: 1 # modelbook: ignore[MB203] known upstream\n", (1, "MB203")) == []
    assert apply("# modelbook: ignore[MB203] known\na: 1\n", (2, "MB203")) == []
    assert apply("# modelbook: ignore[MB203] known\n# more\n\na: 1\n", (4, "MB203")) == []
    assert apply("a:\n  # modelbook: ignore[MB203] known\n  - b\n", (3, "MB203")) == []


def test_several_codes() -> None:
    text = "a: 1 # modelbook: ignore[MB203, MB204] known\n"
    assert apply(text, (1, "MB203"), (1, "MB204")) == []
    assert apply(text, (1, "MB203")) == [(1, "MB502")]


def test_other_codes_and_lines_stay() -> None:
    text = "a: 1 # modelbook: ignore[MB203] known\nb: 2\n"
    assert apply(text, (1, "MB204"), (2, "MB203")) == [(1, "MB204"), (1, "MB502"), (2, "MB203")]


@pytest.mark.parametrize("comment", [
    "# modelbook: ignore[MB203]", "# modelbook: ignore[MB203] -", "# modelbook: ignore",
    "# modelbook: ignore[] reason", "# modelbook: ignore[mb203] reason",
    "# modelbook: ignore[MB203 MB204] reason", "# modelbook: ignore[MB101] reason",
    "# modelbook: ignore[MB007] reason", "# modelbook: ignore[MB502] reason",
    "# modelbook: ignor[MB203] reason", "# Modelbook: ignore[MB203] reason",
    "# modelbook: ignore[*] reason",
])
def test_comments_that_cannot_be_used_are_errors_and_accept_nothing(comment: str) -> None:
    assert apply(f"a: 1 {comment}\n", (1, "MB203")) == [(1, "MB203"), (1, "MB501")]


@pytest.mark.parametrize("text", [
    "a: 'x # modelbook: ignore[MB203] reason'\n",
    'a: "x # modelbook: ignore[MB203] reason"\n',
    "a: |\n  # modelbook: ignore[MB203] reason\nb: 1\n",
    "a: >-\n  x\n  # modelbook: ignore[MB203] reason\n",
    "a: 'x\n  # modelbook: ignore[MB203] reason'\n",
])
def test_text_of_values_is_no_comment(text: str) -> None:
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "modelbook" in one)
    assert apply(text, (line, "MB203")) == [(line, "MB203")]


@pytest.mark.parametrize("text", [
    "a: | # modelbook: ignore[MB203] reason\n  x\n",
    "a: 'x # y' # modelbook: ignore[MB203] reason\n",
    "a: [x, # modelbook: ignore[MB203] reason\n  y]\n",
    "'a # b': c # modelbook: ignore[MB203] reason\n",
    "a: 书🚀 # modelbook: ignore[MB203] reason\r\n",
])
def test_comments_beside_values_count(text: str) -> None:
    assert apply(text, (1, "MB203")) == []


def test_a_comment_after_a_block_is_one() -> None:
    assert apply("a: |\n  x\n\n# modelbook: ignore[MB203] reason\nb: 1\n", (5, "MB203")) == []


def test_a_comment_with_nothing_below_is_unused() -> None:
    assert apply("a: 1\n# modelbook: ignore[MB203] reason\n") == [(2, "MB502")]


def test_in_a_check(tmp_path: Path) -> None:
    family = """\
name: demo
context_length: 32{comment}
languages: [en]
abilities: [chat]
description: A family for tests.
architectures: [LlamaForCausalLM]
specs:
  - format: pytorch
    size_in_billions: 7
    quantizations: [none]
    repo_id: org/demo-7B
    hubs: {{huggingface: {{}}}}
"""
    plain = checked(tmp_path, family.format(comment=""))
    (code,) = {found.code for found in plain.findings if found.span.line == 2}
    accepted = checked(tmp_path, family.format(
        comment=f" # modelbook: ignore[{code}] a test model"))
    assert not [found for found in accepted.findings if found.span.line == 2]
    unused = checked(tmp_path, family.replace("32", "8192").format(
        comment=f" # modelbook: ignore[{code}] a test model"))
    assert [found.code for found in unused.findings if found.span.line == 2] == ["MB502"]
