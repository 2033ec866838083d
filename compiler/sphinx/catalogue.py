"""`.. model-catalogue::`: the table of all families, with filters where the page is HTML.

On the generated index page of a catalogue it stands in place of the plain table. Without a script,
and in other formats than HTML, it is a plain table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from compiler.sphinx import catalogue_html
from compiler.sphinx.catalogue_rows import Row, Wanted, rows
from compiler.sphinx.records import Site, manifest_path, site
from compiler.sphinx.translation import _
from compiler.sphinx.uses import note_all
from runtime.errors import MisuseError
from runtime.fit import parse_amount
from runtime.memory import human

#: Where `compiler build` puts the index pages, below the folder of its manifest.
_INDEX = "models/{kind}/index"
_MEGABYTE = 1_000_000


class catalogue(nodes.General, nodes.Element):  # noqa: N801 - docutils names visitors after it
    """The table; what it is narrowed to is in `wanted`, a plain table in its children."""


def _words(argument: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (argument or "").split(",") if word.strip())


def _size(argument: str | None) -> Decimal:
    try:
        return Decimal((argument or "").strip().replace("_", "."))
    except InvalidOperation:
        raise ValueError("a size is a number of billions, such as 7 or 0.5") from None


def _amount(argument: str | None) -> int:
    try:
        return parse_amount(argument or "") // _MEGABYTE
    except MisuseError as error:
        raise ValueError(f"{error}; {error.hint}") from None


class ModelCatalogue(SphinxDirective):
    """Shows the families that its options admit; none, and it shows all."""

    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "text": directives.unchanged, "type": directives.unchanged,
        "abilities": _words, "languages": _words, "formats": _words, "engines": _words,
        "least-size": _size, "most-size": _size, "context": directives.positive_int,
        "memory": _amount, "plain": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Remember what is wanted; the rows are made when the page is written."""
        made = site(self.env)
        if made is None:
            return []
        note_all(self.env, self.env.docname)
        option, families = self.options.get, made.manifest.families
        wanted = Wanted(
            text=option("text", ""), type=option("type"),
            abilities=self._known("abilities", (
                name for family in families for name in family.abilities)),
            languages=self._known("languages", (
                name for family in families for name in family.languages)),
            formats=self._known("formats", made.formats),
            engines=self._known("engines", (each.name for each in made.manifest.engines)),
            least_size=option("least-size"), most_size=option("most-size"),
            context_length=option("context", 0), megabytes=option("memory"))
        node = catalogue(wanted=wanted, plain="plain" in self.options)
        self.set_source_info(node)
        node += plain_table(rows(made.manifest, wanted))
        return [node]

    def _known(self, option: str, known: Iterable[str]) -> tuple[str, ...]:
        """The words of an option, spelt as the manifest does."""
        if option not in self.options:
            return ()
        by_key = {name.casefold(): name for name in known}
        found = []
        for word in self.options[option]:
            if (name := by_key.get(word.casefold())) is None:
                near = get_close_matches(word.casefold(), by_key, n=1)
                hint = f"; did you mean {by_key[near[0]]}?" if near else ""
                raise self.error(f"model-catalogue: no family has {word!r} in its {option}{hint}")
            found.append(name)
        return tuple(found)


def plain_table(shown: list[Row]) -> nodes.table:
    """The table for formats other than HTML; the search index reads it too."""
    head = [_("Model"), _("Abilities"), _("Sizes"), _("Context"), _("Memory")]
    table = nodes.table()
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in (30, 25, 20, 10, 15)]
    header, body = nodes.thead(), nodes.tbody()
    header += _line([nodes.Text(str(text)) for text in head])
    for row in shown:
        memory = row.least_memory
        body += _line([nodes.Text(text) for text in (
            row.family.name, ", ".join(row.family.abilities),
            ", ".join(format(size, "f") for size in row.sizes), str(row.family.context_length),
            "" if memory is None else catalogue_html.from_memory(human(memory * _MEGABYTE)))])
    group += [header, body]
    table += group
    return table


def _line(cells: list[nodes.Text]) -> nodes.row:
    made = nodes.row()
    made += [nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells]
    return made


def _index_kind(env: BuildEnvironment, made: Site, docname: str) -> str | None:
    """The kind of models that a generated index page lists; None for any other page."""
    place = manifest_path(env.srcdir, env.config).parent
    for kind in {"llm", *(family.type for family in made.manifest.families)}:
        file = place / f"{_INDEX.format(kind=kind)}.rst"
        if env.doc2path(docname).resolve() == file.resolve():
            return kind
    return None


def _replace_index(app: Sphinx, doctree: nodes.document) -> None:
    """Put the table of the page that `compiler build` generated into a catalogue."""
    docname = app.env.current_document.docname
    if not docname.endswith("/index") or (made := site(app.env)) is None:
        return
    kind = _index_kind(app.env, made, docname)
    table = next(iter(doctree.findall(nodes.table)), None)
    if kind is None or table is None:
        return
    note_all(app.env, docname)
    node = catalogue(wanted=Wanted(type=kind), plain=False)
    table.replace_self(node)
    node += table
    # The table is wide; a list of the page's own sections would only take its room.
    app.env.metadata[docname].setdefault("hide-toc", "")


def _visit(translator: HTML5Translator, node: catalogue) -> None:
    builder = translator.builder
    made = site(builder.env)
    if made is None:
        return
    wanted: Wanted = node["wanted"]
    links = catalogue_html.Links(builder, translator.docnames[-1])
    count = getattr(translator, "_modelbook_catalogues", 0) + 1
    translator._modelbook_catalogues = count  # type: ignore[attr-defined]
    translator.body.append(catalogue_html.catalogue(
        rows(made.manifest, wanted), links, number=count, filters=not node["plain"]))
    raise nodes.SkipNode


def _pass(translator: Any, node: nodes.Element) -> None:
    """Other formats show the plain table inside."""


def _assets(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
            doctree: nodes.document | None) -> None:
    """Load the script and style where there is a table only."""
    if doctree is not None and next(iter(doctree.findall(catalogue)), None) is not None:
        app.add_css_file("modelbook-catalogue.css")
        app.add_js_file("modelbook-catalogue.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the directive and the table."""
    both = (_pass, _pass)
    app.add_node(catalogue, html=(_visit, _pass), latex=both, text=both, man=both, texinfo=both,
                 gettext=both)
    app.add_directive("model-catalogue", ModelCatalogue)
    app.connect("doctree-read", _replace_index)
    app.connect("html-page-context", _assets)
