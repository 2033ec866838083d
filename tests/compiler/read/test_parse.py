"""The reader: values, positions, and everything that it refuses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from compiler.finding import Span
from compiler.read.nodes import Mapping, Node, Scalar, Sequence, plain
from compiler.read.parse import MAX_DEPTH, MAX_NODES
from compiler.read.text import MAX_BYTES
from tests.support.yaml_specs import places, pointed, read

SPECS = sorted((Path(__file__).parents[3] / "specs").rglob("*.yaml"))


def value(text: str) -> object:
    tree, findings = read(f"a: {text}\n")
    assert not findings, findings
    assert isinstance(tree, Mapping)
    return plain(tree)["a"]  # type: ignore[index]


@pytest.mark.parametrize("text", [
    "no", "No", "NO", "yes", "on", "Off", "y", "n", "1_8", "0_5", "1__8", "131_072", "0o7", "0x1F",
    "017", "1e3", "1.5e3", "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z", ".inf", "-.inf",
    ".nan", ".5", "5.", "+7", "1,000", "0b1", "nUll", "tRue", "=", "9" * 19, "9" * 5000, "--1",
    "1-", "-", "1.8.0", "v1", "000",
])
def test_text_stays_text(text: str) -> None:
    assert value(text if text not in ("-",) else "'-'") == text


@pytest.mark.parametrize(("text", "expected"), [
    ("7", 7), ("0", 0), ("-3", -3), ("131072", 131072), ("1.8", 1.8), ("+0.5", 0.5), ("0.10", 0.1),
    ("true", True), ("FALSE", False), ("True", True), ("null", None), ("~", None), ("", None),
    ("Null", None), ("NULL", None), ('"7"', "7"), ("'true'", "true"), ('""', ""),
    ('"\\u4e66"', "书"), ("9" * 18, int("9" * 18)),
])
def test_plain_values(text: str, expected: object) -> None:
    got = value(text)
    assert got == expected
    assert type(got) is type(expected)


def test_raw_text_is_kept() -> None:
    tree, _ = read("a: 0.10\nb: \"0.10\"\n")
    assert isinstance(tree, Mapping)
    a, b = tree.get("a"), tree.get("b")
    assert isinstance(a, Scalar)
    assert isinstance(b, Scalar)
    assert (a.raw, a.plain, b.raw, b.plain) == ("0.10", True, "0.10", False)


def walk(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [scalar for item in node.items for scalar in walk(item)]
    return [scalar for key, item in node.items() for scalar in (key, *walk(item))]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_spans_slice_back_to_the_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree, findings = read(text)
    assert not findings
    assert tree is not None
    for scalar in walk(tree):
        span = scalar.span
        if span.line != span.end_line:
            continue
        source = text.split("\n")[span.line - 1][span.column - 1:span.end_column - 1]
        assert (source if scalar.plain else source[1:-1]) == scalar.raw


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_positions_with_crlf_astral_characters_and_a_leading_mark(end: str, mark: str) -> None:
    tree, findings = read(mark + end.join(["🚀: '𝒳é' # c", "b: [书, no]", ""]))
    assert not findings
    assert isinstance(tree, Mapping)
    assert tree.key("🚀").span == Span(1, 1, 1, 2)
    assert tree.entries["🚀"][1].span == Span(1, 4, 1, 8)
    items = tree.entries["b"][1]
    assert isinstance(items, Sequence)
    assert items.span == Span(2, 4, 2, 11)
    assert [item.span.column for item in items.items] == [5, 8]


def test_spans_of_blocks_and_collections() -> None:
    tree, _ = read("a: |\n  x\n  yy\n\n\nb:\n  - c: 1\n    d: 2\n\n# end\ne: {f: {}}\n")
    assert isinstance(tree, Mapping)
    assert tree.entries["a"][1].span == Span(1, 4, 3, 5)
    assert tree.entries["b"][1].span == Span(7, 3, 8, 9)
    assert tree.entries["e"][1].span == Span(11, 4, 11, 11)
    assert tree.span == Span(1, 1, 11, 11)


@pytest.mark.parametrize(("text", "expected"), [
    ("a: 1\nb: 2\na: 3\n", [(3, 1, "MB007")]),
    ("a: {id: x, id: y}\n", [(1, 12, "MB007")]),
    ("'a': 1\n\"a\": 2\na: 3\n", [(2, 1, "MB007"), (3, 1, "MB007")]),
    ("4: a\n", [(1, 1, "MB008")]),
    ("1.5: a\ntrue: b\nnull: c\n~: d\n", [(1, 1, "MB008"), (2, 1, "MB008"), (3, 1, "MB008"),
                                          (4, 1, "MB008")]),
    ("{: a}\n", [(1, 2, "MB006")]),
    ("a: 1\n---\nb: 2\n", [(2, 1, "MB009")]),
    ("a: 1\n...\n---\nb: 2\n", [(3, 1, "MB009")]),
    ("a: &x 1\nb: *x\nc: &y [1]\n", [(1, 4, "MB010"), (2, 4, "MB010"), (3, 4, "MB010")]),
    ("&a k: 1\n*a : 2\n", [(1, 1, "MB010"), (2, 1, "MB010")]),
    ("a:\n  <<: {b: 1}\n  <<: {c: 1}\n", [(2, 3, "MB011"), (3, 3, "MB011")]),
    ("a: !!str 1\nb: !x y\nc: ! z\n", [(1, 4, "MB012"), (2, 4, "MB012"), (3, 4, "MB012")]),
    ("a: !t &n 1\n", [(1, 4, "MB012"), (1, 7, "MB010")]),
    ("a: !!python/object/apply:os.system ['x']\n", [(1, 4, "MB012")]),
    ("a: {{x}}\n[b]: 1\n", [(1, 5, "MB013"), (2, 1, "MB013")]),
    ("? a\n: 1\n", [(1, 3, "MB013")]),
    ("%YAML 1.2\n---\na: 1\n", [(1, 1, "MB015")]),
    ("# c\n\n%TAG ! x\n---\na: 1\n", [(3, 1, "MB015")]),
    ("", [(1, 1, "MB016")]),
    ("# only\n\n# comments\n", [(1, 1, "MB016")]),
    ("---\n", [(1, 1, "MB016")]),
    ("# x\n---\n...\n", [(2, 1, "MB016")]),
])
def test_refused(text: str, expected: list[tuple[int, int, str]]) -> None:
    _, findings = read(text)
    assert places(findings) == expected
    assert all(found.message and found.hint for found in findings)


def test_words_that_yaml_1_1_reads_as_booleans_are_fine_as_keys() -> None:
    tree, findings = read("no: 1\non: 2\n")
    assert not findings
    assert isinstance(tree, Mapping)
    assert list(tree.entries) == ["no", "on"]


@pytest.mark.parametrize("text", [
    "a: Ready ?\nb: c\n", "# right ?\na: b\n", "a: |\n  right ?\n# really ?\nb: c\n",
    "a: [b ?]\nc: {} # ?\nd: e ?\n", "a: {b: c ?, d: e}\n", "a ?: b\nc: d\n",
    "a:\n- b ?\n- c: d\n  # ?\n  e: f\n",
])
def test_text_and_comments_may_end_in_a_question_mark(text: str) -> None:
    tree, findings = read(text)
    assert tree is not None
    assert not findings


@pytest.mark.parametrize(("text", "column"), [
    ("x: y ?\n? a\n: b\n", 3), ("x: |\n  y ?\n# z\n? a\n: b\n", 3), ("x: y ?\na: {? b : c}\n", 7),
    ("? a ?\n: b\n", 3), ("? # c\n  a\n: b\n", 3),
])
def test_a_question_mark_before_a_key_is_refused(text: str, column: int) -> None:
    tree, findings = read(text)
    assert tree is None
    assert [(finding.code, finding.span.column) for finding in findings] == [("MB013", column)]


def test_one_document_with_markers_is_fine() -> None:
    tree, findings = read("---\na: 1\n...\n")
    assert not findings
    assert tree is not None


def test_a_duplicate_keeps_the_first_value_and_names_it() -> None:
    tree, (finding,) = read("a: 1\na: 2\n")
    assert isinstance(tree, Mapping)
    assert plain(tree) == {"a": 1}
    assert finding.message == "duplicate key `a`, first at 1:1"
    assert finding.related[0].span == Span(1, 1, 1, 2)


def test_several_kinds_at_once() -> None:
    _, findings = read("a: 1\na: 2\nb: &x 1\n4: 5\nc: !t 2\nd: e\t# tab\n")
    assert [found.code for found in findings] == ["MB007", "MB010", "MB008", "MB012", "MB005"]


@pytest.mark.parametrize(("data", "place", "code"), [
    (b"a: \xff\n", (1, 4), "MB001"),
    ("a: 1\nb: 书".encode() + b"\xe4\xb9\n", (2, 5), "MB001"),
    (b"\xef\xbb\xbfa: \xc3\n", (1, 4), "MB001"),
    ("a: 1\n".encode("utf-16"), (1, 1), "MB001"),
    ("a: 1\n".encode("utf-16-le"), (1, 1), "MB001"),
    ("a: 1\n".encode("utf-16-be"), (1, 1), "MB001"),
    ("a: 1\n".encode("utf-32"), (1, 1), "MB001"),
    (b"a: \xed\xa0\x80\n", (1, 4), "MB001"),
    (b"a: b\x00c\n", (1, 5), "MB003"),
    (b"a: \x1b[31m\n", (1, 4), "MB003"),
    ("a: x\u2028y\n".encode(), (1, 5), "MB003"),
    ("a: x\u0085y\n".encode(), (1, 5), "MB003"),
    ("a: \u202eevil\n".encode(), (1, 4), "MB003"),
    (b"a: 1\rb: 2\n", (1, 5), "MB003"),
    ("a: 1\n\ufeffb: 2\n".encode(), (2, 1), "MB004"),
    ("\ufeff\ufeffa: 1\n".encode(), (1, 1), "MB004"),
    (b"a:\n\tb: 1\n", (2, 1), "MB005"),
    (b"a:\t1\n", (1, 3), "MB005"),
    (b"a: |\n\tx\n", (2, 1), "MB005"),
])
def test_bytes_and_characters(data: bytes, place: tuple[int, int], code: str) -> None:
    tree, (finding,) = read(data)
    assert (finding.span.line, finding.span.column) == place
    assert finding.code == code
    assert tree is None or code == "MB005"


def test_every_bad_character_is_named_once() -> None:
    _, findings = read("a: \x00\nb: \x07\nc: \ufeff\n")
    assert places(findings) == [(1, 4, "MB003"), (2, 4, "MB003"), (3, 4, "MB004")]
    assert "U+FEFF" in findings[2].message


@pytest.mark.parametrize("text", [
    "[" * 3000, "{" * 3000, "- " * 3000, "? " * 3000, "[" * (MAX_DEPTH + 1), "a: " + "[{b: " * 40,
    "\n".join(" " * depth + "a:" for depth in range(900)),
], ids=["lists", "mappings", "dashes", "questions", "just too deep", "mixed", "blocks"])
def test_deep_nesting_stops_at_once(text: str) -> None:
    start = time.perf_counter()
    tree, findings = read(text)
    assert time.perf_counter() - start < 1
    assert tree is None
    assert findings[-1].code == "MB014"


def test_nesting_up_to_the_limit_is_read() -> None:
    tree, findings = read("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert tree is not None
    assert not findings


def test_alias_bomb_is_refused_where_it_stands() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]")
    start = time.perf_counter()
    tree, findings = read("\n".join(lines))
    assert time.perf_counter() - start < 1
    assert tree is None
    assert places(findings)[:2] == [(1, 4, "MB010"), (2, 4, "MB010")]
    assert read("- &l [*l]\n")[0] is None


def test_size_limits() -> None:
    _, (finding,) = read(b"#" * (MAX_BYTES + 1))
    assert finding.code == "MB002"
    tree, findings = read("[" + "a," * MAX_NODES + "]")
    assert tree is None
    assert [found.code for found in findings] == ["MB002"]


@pytest.mark.parametrize("text", [
    "\n" * MAX_BYTES, " " * MAX_BYTES, "#\n" * (MAX_BYTES // 2), "a\n" * (MAX_BYTES // 2),
    "a: 1\n" * (MAX_BYTES // 5), "*a\n" * (MAX_BYTES // 3), "[" + "*a," * (MAX_BYTES // 3 - 5),
    "? a\n" * (MAX_BYTES // 4), "a: b: " * (MAX_BYTES // 6), "'" * (MAX_BYTES - 1),
    "a: |\n" + "  x\n" * (MAX_BYTES // 4 - 5), "\t" * MAX_BYTES, ",," * (MAX_BYTES // 2),
], ids=range(13))
def test_large_inputs_take_bounded_time(text: str) -> None:
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 2


def test_an_unbroken_line_of_findings_is_cut() -> None:
    _, findings = read("a: [" + "*b, " * 5000 + "]")
    assert len(findings) == 100


def test_pointing_at_the_offending_text() -> None:
    text = "a: &anchor x\nb: *alias\nc: !tag y\n"
    _, findings = read(text)
    assert [pointed(text, found) for found in findings] == ["&anchor", "*alias", "!tag"]


def test_pure_python_parser_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from compiler.read import parse as module
    from compiler.read.pure import PureParser

    text = "a: [1_8, no, {b: 'c'}]\nd: |\n  x\n\n# c\ne:\n- f: >-\n    g\n  h:\n🚀: 'ü'\n"
    fast = read(text)
    monkeypatch.setattr(module, "_Parser", PureParser)
    slow = read(text)
    assert plain(fast[0]) == plain(slow[0])  # type: ignore[arg-type]
    assert [scalar.span for scalar in walk(fast[0])] == [  # type: ignore[arg-type]
        scalar.span for scalar in walk(slow[0])]  # type: ignore[arg-type]
