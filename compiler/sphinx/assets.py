"""The extension's own style sheet and script; both lie on the site itself."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def _add_static_path(app: Sphinx) -> None:
    # In front, so that a site may replace a file by one of the same name in its own folder.
    app.config.html_static_path.insert(0, str(STATIC))


def setup(app: Sphinx) -> None:
    """Register the files."""
    app.connect("builder-inited", _add_static_path)
    app.add_css_file("modelbook.css")
