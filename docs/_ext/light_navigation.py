"""Keeps generated pages out of the sidebar, which would list hundreds of them on every page.

The theme renders the whole tree of pages anew for each page, so the time of a build would grow with
the square of the number of families. The index pages list and link every generated page instead.
"""

from __future__ import annotations

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

#: Index pages whose own entries stay out of the sidebar end so.
_INDEX = "/index"
_GENERATED = "generated/"


def _forget_entries(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Cut the entries out of the sidebar's tree; links, order and checks are kept elsewhere."""
    for name, tree in env.tocs.items():
        if name.startswith(_GENERATED) and name.endswith(_INDEX):
            for node in list(tree.findall(addnodes.toctree)):
                node.parent.remove(node)
    return []


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension."""
    app.connect("env-updated", _forget_entries)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
