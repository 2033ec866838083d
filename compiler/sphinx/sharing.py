"""What pages say of themselves to search engines and to whoever is sent a link; the page for 404.

Each page gets a description and OpenGraph tags: a family's page those of the family, any other its
first paragraph. With `html_baseurl` they hold the page's full address. `404.html` works wherever a
server answers with it, since its `<base>` is the site's own address.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx

from compiler.emit.pages import short
from compiler.sphinx.records import site
from compiler.sphinx.translation import _
from compiler.sphinx.words import description

NOT_FOUND = "404"


def _describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
              doctree: nodes.document | None) -> None:
    tags = context.get("metatags") or ""
    if pagename == NOT_FOUND:
        context["metatags"] = f'<base href="{escape(base_path(app))}">\n{tags}'
    elif doctree is not None:
        made = "\n".join(f'<meta {key}="{name}" content="{escape(value)}">'
                         for key, name, value in _tags(app, pagename, context, doctree))
        context["metatags"] = f"{tags}\n{made}\n"


def base_path(app: Sphinx) -> str:
    """The path of the site on its server."""
    known = app.config.html_baseurl
    path = urlsplit(known).path if known else app.config.modelbook_path
    return path if path.endswith("/") else f"{path}/"


def _tags(app: Sphinx, pagename: str, context: dict[str, Any], doctree: nodes.document
          ) -> Iterator[tuple[str, str, str]]:
    """Attribute, name and content of each tag."""
    family = next((found for name in doctree.nameids
                   if (known := site(app.env)) and (found := known.by_label.get(name))), None)
    text = description(app.env, family) if family else _first_paragraph(doctree)
    if text and 'name="description"' not in (context.get("metatags") or ""):
        yield "name", "description", short(text)
    title = app.env.titles[pagename].astext()
    yield "property", "og:title", title
    yield "property", "og:type", "website" if pagename == app.config.root_doc else "article"
    yield "property", "og:site_name", app.config.project
    yield "property", "og:locale", str(app.config.language or "en")
    if text:
        yield "property", "og:description", short(text)
    if context.get("pageurl"):
        yield "property", "og:url", context["pageurl"]


def _first_paragraph(doctree: nodes.document) -> str:
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            return paragraph.astext()
    return ""


def _not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page for addresses that do not exist, unless the site has its own."""
    if NOT_FOUND in app.env.all_docs:
        return
    title, root = str(_("Page not found")), app.builder.get_target_uri(app.config.root_doc)
    search = app.builder.get_target_uri("search")
    nothing, find, home = (escape(str(text)) for text in (
        _("There is nothing at this address."), _("Search the site"), _("Go to the start page")))
    body = (f'<h1>{escape(title)}</h1>\n<p>{nothing} <a href="{escape(search)}">{find}</a> · '
            f'<a href="{escape(root)}">{home}</a></p>')
    yield NOT_FOUND, {"title": title, "body": body}, "page.html"


def setup(app: Sphinx) -> None:
    """Register what is added to pages."""
    app.connect("html-page-context", _describe)
    app.connect("html-collect-pages", _not_found)
