"""The elements that the extension puts into pages, and what they become.

Pages gain ordinary docutils nodes wherever these suffice. The few below have a richer form on a web
page; every other builder writes their content, or nothing where it would be meaningless there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxTranslator

from compiler.sphinx.words import English

#: docutils makes `lang="en"` of this class.
LANGUAGE_ENGLISH = "language-en"
#: Builders of web pages, one page a document, on which scripts run.
WEB = frozenset({"html", "dirhtml"})


class Markup(nodes.General, nodes.Element):
    """HTML that the extension made itself, for web pages alone; it escapes what it is given."""


class Fold(nodes.General, nodes.Element):
    """Content under a `summary` that a reader opens and closes."""


class Preset(nodes.Inline, nodes.TextElement):
    """Text that, on a web page, leads to a page with choices made (`query`).

    The page is `doc`, or else the same page's command builder.
    """


def text(said: str, *classes: str) -> nodes.Node:
    """Literal text, with classes for the style sheet."""
    if isinstance(said, English):
        classes = (*classes, LANGUAGE_ENGLISH)
    return nodes.inline("", said, classes=list(classes)) if classes else nodes.Text(said)


def paragraph(*content: str | nodes.Node, classes: Sequence[str] = ()) -> nodes.paragraph:
    """A paragraph of literal texts and elements."""
    made = nodes.paragraph(classes=list(classes))
    made += [text(item) if isinstance(item, str) else item for item in content]
    return made


def code(line: str, classes: Sequence[str] = ()) -> nodes.literal_block:
    """A command line."""
    return nodes.literal_block(line, line, language="sh", classes=list(classes))


def family_link(label: str, title: str, docname: str) -> nodes.Node:
    """A cross-reference to a family's page."""
    return addnodes.pending_xref(
        "", nodes.inline("", title, classes=["std", "std-ref"]), refdomain="std", reftype="ref",
        reftarget=label, refexplicit=True, refwarn=True, refdoc=docname)


def link(title: str, url: str | None) -> nodes.Node:
    """A link to another site; the title alone where there is none."""
    return nodes.reference("", title, refuri=url, internal=False) if url else nodes.Text(title)


def commas(items: Iterable[nodes.Node]) -> list[nodes.Node]:
    """The items in a row."""
    out: list[nodes.Node] = []
    for item in items:
        out += [nodes.Text(", "), item] if out else [item]
    return out


def table(head: Sequence[str], rows: Iterable[Sequence[Sequence[nodes.Node]]],
          classes: Sequence[str] = (), title: str = "") -> nodes.table:
    """A table with one line of heads.

    Args:
        head: Texts of the heads.
        rows: Rows of cells, each the inline elements that it holds.
        classes: For the style sheet.
        title: What the table shows; empty: nothing is written.
    """
    made = nodes.table(classes=["mb-table", *classes])
    if title:
        made += nodes.title("", title)
    group = nodes.tgroup(cols=len(head))
    made += group
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row([[nodes.Text(item)] for item in head]))
    group += nodes.tbody("", *map(_row, rows))
    return made


def _row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def _on_web(translator: SphinxTranslator) -> bool:
    return translator.builder.name in WEB


def _skip(translator: SphinxTranslator, node: nodes.Element) -> None:
    raise nodes.SkipNode


def _nothing(translator: SphinxTranslator, node: nodes.Element) -> None:
    """The content of the element stands for itself."""


def _visit_markup(translator: Any, node: Markup) -> None:
    if _on_web(translator):
        translator.body.append(node["html"])
    raise nodes.SkipNode


def _visit_fold(translator: Any, node: Fold) -> None:
    if _on_web(translator):
        opened = {"open": "open"} if node.get("open") else {}
        translator.body.append(translator.starttag(node, "details", "", **opened))
        translator.body.append(
            f"<summary>{translator.encode(str(node['summary']))}</summary>\n")


def _depart_fold(translator: Any, node: Fold) -> None:
    if _on_web(translator):
        translator.body.append("</details>\n")


def _visit_preset(translator: Any, node: Preset) -> None:
    if _on_web(translator):
        builder, doc = translator.builder, node.get("doc")
        page = builder.get_relative_uri(builder.current_docname, doc) if doc else ""
        href = f"{page}?{node['query']}" + ("" if doc else "#launch")
        translator.body.append(translator.starttag(node, "a", "", href=href,
                                              CLASS="mb-choose" if doc else "mb-preset"))


def _depart_preset(translator: Any, node: Preset) -> None:
    if _on_web(translator):
        translator.body.append("</a>")


def setup(app: Sphinx) -> None:
    """Register the elements with every builder."""
    plain = dict.fromkeys(("latex", "text", "man", "texinfo"), (_nothing, _nothing))
    skipped = dict.fromkeys(plain, (_skip, None))
    app.add_node(Markup, html=(_visit_markup, None), **skipped)  # type: ignore[arg-type]
    app.add_node(Fold, html=(_visit_fold, _depart_fold), **plain)  # type: ignore[arg-type]
    app.add_node(Preset, html=(_visit_preset, _depart_preset), **plain)  # type: ignore[arg-type]
