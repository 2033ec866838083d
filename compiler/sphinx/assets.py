"""The extension's own style sheet and scripts; all lie on the site itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from compiler.sphinx.elements import Markup

STATIC = Path(__file__).parent / "static"


def _add_static_path(app: Sphinx) -> None:
    # In front, so that a site may replace a file by one of the same name in its own folder.
    app.config.html_static_path.insert(0, str(STATIC))


def _add_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any],
                 doctree: nodes.document | None) -> None:
    """Give a page the scripts that its elements ask for, and no other page."""
    if doctree is not None:
        for script in dict.fromkeys(name for node in doctree.findall(Markup)
                                    if (name := node.get("script"))):
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the files."""
    app.connect("builder-inited", _add_static_path)
    app.connect("html-page-context", _add_scripts)
    app.add_css_file("modelbook.css")
