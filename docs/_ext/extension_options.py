"""`.. modelbook-options::`: the options of `compiler.sphinx`, read from the extension itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from docutils import nodes
from prose import prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import compiler.sphinx


class ModelbookOptions(SphinxDirective):
    """Writes one entry for each option."""

    def run(self) -> list[nodes.Node]:
        """Read the options and parse what they say as a part of the page."""
        self.env.note_dependency(inspect.getsourcefile(compiler.sphinx) or "")
        return self.parse_text_to_nodes("\n".join(_entries()))


def _entries() -> Iterator[str]:
    for option in compiler.sphinx.OPTIONS:
        yield from (f".. confval:: {option.name}", f"   :default: ``{option.default!r}``", "",
                    f"   {prose(option.description)}", "")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("modelbook-options", ModelbookOptions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
