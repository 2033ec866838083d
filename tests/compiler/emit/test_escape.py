"""Whatever the text, the page shows just that text: docutils itself is the judge."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.emit.rst import block, code, escape, join, link, literal, reference, rule, width
from runtime.errors import UserError

FRAGMENTS = [
    "*", "**", "`", "``", "|", "_", "__", "[1]_", "[#]_", "[CIT2002]_", "..", ".. ",
    ".. raw:: html", ".. include:: /etc/passwd", ".. |x| replace:: y",
    ".. _t: javascript:alert(1)", "|best|", "|today|", ":raw-html:`<b>`", "`a`:sup:",
    "`x <javascript:alert(1)>`_", "`t`__", "__ https://a.b", "::", ":x: ", ":", "- ", "* ", "+ ",
    "\N{BULLET} ", "A. ", "7) ", "(i) ", "#. ", "iv. ", ">>> ", "> ", "| ", "+--+", "====",
    "----", "~~~~", "-f F ", "--long=3 ", "/V ", "-- x", "https://a.b/c_", "http://[::1]/",
    "javascript:alert(1)", "mailto:a@b.c", "a@b.c", "\\", "\\\\", "\\ ", " ", "  ", "<script>",
    "</p>", "&amp;", '"', "'", "\N{LEFT SINGLE QUOTATION MARK}", "...", "\N{NO-BREAK SPACE}",
    "\N{ZERO WIDTH SPACE}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{IDEOGRAPHIC SPACE}", "\t", "\x1c",
    "\x85", "\u2028", "\x00", "\ufeff", "{q}", "{{ 7*7 }}", "{% raw %}", "${x}", "書生", "é",
    "e\u0301", "\N{ROCKET}", "x", "word", "seed_oss", "PEP 8", "RFC 2822", "[x]", "!", "~", "^",
    "x" * 3000,
]
HOSTILE = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3),
                   min_size=1, max_size=7).map("".join)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def shown(text: str) -> str:
    """What the page is to show: the text, with unprintable characters by their code point."""
    return UNPRINTABLE.sub(lambda match: f"U+{ord(match.group()):04X}", text.replace("\t", " "))


def read(source: str) -> nodes.document:
    """The document, which must be read without a single remark."""
    remarks = io.StringIO()
    document = publish_doctree(source, settings_overrides={
        "warning_stream": remarks, "report_level": 1, "halt_level": 5, "raw_enabled": False,
        "file_insertion_enabled": False, "input_encoding": "unicode",
        "line_length_limit": 10**6})
    assert remarks.getvalue() == ""
    assert not [*document.findall(nodes.reference), *document.findall(nodes.raw),
                *document.findall(nodes.target), *document.findall(nodes.literal_block)]
    return document


def one(document: nodes.document, kind: type[nodes.Element]) -> str:
    return next(iter(document.findall(kind))).astext()


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
@example("\\")
@example("====")
@example("A. Smith trained it")
@example(" x ")
@example("Formats::")
@example("!x <y>")
def test_text_is_shown_literally_at_every_place(text: str):
    source = escape(text)
    if not shown(text).strip():
        return  # nothing to see
    document = read(f"- **D:** {source}\n- next\n\n.. list-table::\n\n   * - {source}\n     - x\n\n"
                    f"{source}\n\nlast\n")
    assert one(document, nodes.list_item) == "D: " + shown(text)
    assert one(document, nodes.entry) == shown(text)
    assert document[2].astext() == shown(text)
    assert document[3].astext() == "last"


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_text_is_shown_literally_as_a_title(text: str):
    source = escape(text)
    if not shown(text).strip():
        return
    line, second = rule(source, "="), escape(text + "z")
    document = read(f"{line}\n{source}\n{line}\n\npara\n\n{second}\n{rule(second, '+')}\n\nend\n")
    assert [title.astext() for title in document.findall(nodes.title)] == [
        shown(text), shown(text + "z")]


@settings(max_examples=300, deadline=None)
@given(st.lists(HOSTILE | st.just(""), min_size=1, max_size=5))
def test_lines_are_kept(lines: list[str]):
    lines = [line.replace("\n", " ") for line in lines]
    lines = ["x", *(line if shown(line).strip() else "" for line in lines), "y"]
    document = read(f"- **D:**\n\n{block(chr(10).join(lines), 2)}\n\n- next\n")
    found = next(iter(document.findall(nodes.line_block)))
    assert [line.astext() for line in found.findall(nodes.line)] == [shown(line) for line in lines]
    assert len(list(document.findall(nodes.list_item))) == 2


@pytest.mark.parametrize("text", ["seed-oss", "Q4_K_M", "A 36B model, 12T tokens (open)", "0_5"])
def test_ordinary_text_stays_readable_in_the_source(text: str):
    assert escape(text) == text


@pytest.mark.parametrize(("text", "columns"), [
    ("书生", 4), ("千问大模型", 10), ("通义千问 Qwen2.5", 16), ("한국어", 6), ("Ｑｗｅｎ", 8),
    ("Qwen 🚀", 7), ("é", 1)])
def test_width_counts_columns(text: str, columns: int):
    assert width(text) == columns
    assert len(rule(text, "=", least=4)) == max(4, columns)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_width_is_never_less_than_docutils_wants(text: str):
    from docutils.utils import column_width
    assert width(text) >= column_width(unicodedata.normalize("NFC", text))


def test_code_refuses_what_would_end_its_line():
    assert code("a 'b' `c`") == "a 'b' `c`"
    for text in ("a\nb", "a\u2028b", "a\x85b", "a\x1cb"):
        with pytest.raises(UserError, match=r"U\+"):
            code(text)


@pytest.mark.parametrize("text", ["Q4_K_M", "a`b", "x\\", " x", "*a*"])
def test_literal_shows_the_text(text: str):
    assert one(read(f"see {literal(text)} end\n"), nodes.paragraph) == f"see {text} end"


def test_join_escapes_text_and_leaves_source():
    assert join(["a_", escape("b_")]) == r"a\_, b\_"


@settings(deadline=None)
@given(HOSTILE.filter(lambda text: shown(text).strip() == shown(text) != ""))
def test_a_link_shows_its_title_and_leads_where_it_should(text: str):
    document = publish_doctree(f"see {link(text, 'https://example.org/a_/b{c}`<>')} end\n",
                               settings_overrides={"report_level": 1, "halt_level": 2,
                                                   "line_length_limit": 10**6})
    found = next(iter(document.findall(nodes.reference)))
    assert found.astext() == shown(text)
    assert found["refuri"] == "https://example.org/a_/b%7Bc%7D%60%3C%3E"


def test_a_reference_is_a_role_with_a_title():
    assert reference("a_", "models_llm_a") == r":ref:`a\_ <models_llm_a>`"
