"""What is said about text that is not YAML: where to look, and what to write instead."""

from __future__ import annotations

import pytest

from tests.support.yaml_specs import pointed, read

CASES = [
    # text, what the finding points at, words of the message, words of the hint
    ('a: "x\nb: 1\n', '"', "never closed", "close it"),
    ("a: 'x\nb: 1\n", "'", "never closed", "close it"),
    ("a: 'it's fine'\nb: 1\n", "'it's fine'", "ends before the line", "''"),
    ('a: "x" y\nb: 1\n', '"x" y', "ends before the line", '\\"'),
    ("a: [1, 2\nb: 1\n", "[", "never closed", "add `]`"),
    ("a: {b: 1\nc: 1\n", "{", "never closed", "add `}`"),
    ("a: [1, 2", "[", "never closed", "add `]`"),
    ("a: [b c: 1 d: 2]\n", ": 2]", "comma or `]` is missing", "commas"),
    ("a: [x]]\n", "]", "one `]` too many", "delete"),
    ("a: [a,,b]\n", ",", "no value before this comma", "comma"),
    ("f: {quantization}-x.gguf\nb: 1\n", "{quantization}-x.gguf", "begins with `{` needs quotes",
     'write "{quantization}-x.gguf"'),
    ("b: 1\nname:\u00a0foo\nc: 1\n", "\u00a0", "U+00A0 is not a plain space", "type a space"),
    ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", "<<<<<<< HEAD", "merge conflict",
     "keep one of the two sides"),
    ("b: 1\n=======\nc: 1\n", "=======", "merge conflict", "delete the lines"),
    ("name:foo\nb: 1\n", "name:foo", "no space after the colon of `name`", "write name: foo"),
    ("b: 1\nname:foo\n", "name:foo", "no space after the colon of `name`", "write name: foo"),
    ("b: 1\nname:foo\nc: 1\n", "name:foo", "no space after the colon", "write name: foo"),
    ("s:\n  - format:mlx\n    size: 1\n", "format:mlx", "no space after the colon of `format`",
     "format: mlx"),
    ("a: @x\n", "@x", "begins with @ needs quotes", 'write "@x"'),
    ("a: `x`\n", "`x`", "needs quotes", 'write "`x`"'),
    ("a: %x\n", "%x", "needs quotes", 'write "%x"'),
    ("a: *\n", "*", "needs quotes", 'write "*"'),
    ("a: &\n", "&", "needs quotes", 'write "&"'),
    ("a: !x!y z\n", "!x!y z", "needs quotes", 'write "!x!y z"'),
    ("a: 1\n  b: 2\n", "b: 2", "indented deeper", "align"),
    ("a:\n  b: 1\n c: 2\n", "c: 2", "indentation fits no line", "align"),
    ("specs:\n- a: 1\n b: 2\n", "b: 2", "indentation fits no line", "align"),
    ("a: b: c\n", "b: c", "holds `: ` needs quotes", 'write "b: c"'),
    ("d: Note: this\nb: 1\n", "Note: this", "needs quotes", 'write "Note: this"'),
    ("a:\n  - x: y: z\n", "y: z", "needs quotes", 'write "y: z"'),
    ("a: 1\n- b\n", "-", "list entry stands where a key", "indent"),
    ("- a\nb: 1\n", "b: 1", "list entry is expected", "- "),
    ("a: 1\nfoo\nb: 2\n", "foo", "key with a colon is expected", "key: value"),
    ('a: "C:\\models"\n', "\\m", "\\m is not an escape", "\\\\"),
    ('a: "\\xZZ"\n', "\\x", "not an escape", "\\\\"),
    ("a: - b\n", "- b", "on a line of its own", "[a, b]"),
    ("a: > b\n", "> b", "begins on the next line", "quote"),
    ("a: ? b\n", "?", "needs quotes", "quotes"),
    (": x\n", ":", "no key before the colon", "name the key"),
    ("a: 1\n... x\n", "x", "ends before this place", "one mapping"),
]


@pytest.mark.parametrize(("text", "where", "message", "hint"), CASES)
def test_syntax_errors_say_where_and_what_to_do(
    text: str, where: str, message: str, hint: str,
) -> None:
    tree, (finding,) = read(text)
    assert tree is None
    assert pointed(text, finding) == where
    assert message in finding.message
    assert hint in finding.hint
    assert finding.code in ("MB006", "MB010", "MB012")


@pytest.mark.parametrize(("text", "where", "message", "hint"), CASES)
def test_the_same_with_crlf(text: str, where: str, message: str, hint: str) -> None:
    _, (finding,) = read(text.replace("\n", "\r\n"))
    assert message in finding.message
    assert "\r" not in pointed(text.replace("\n", "\r\n"), finding)


def test_no_words_of_the_parser_reach_the_user() -> None:
    for text, *_ in CASES:
        _, (finding,) = read(text)
        for word in ("scanning", "simple key", "token", "flow", "block mapping", "scalar"):
            assert word not in finding.message + finding.hint


def test_a_syntax_error_comes_with_what_was_found_before_it() -> None:
    _, findings = read("a: 1\na: 2\nb: &x 1\nc: @\n")
    assert [found.code for found in findings] == ["MB007", "MB010", "MB006"]
