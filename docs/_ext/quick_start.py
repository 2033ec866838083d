"""What makes a build short that has little to do: most of it is getting started.

Templates are compiled once and kept beside Sphinx's environment. Python's collector of garbage is
off while modules and the environment are loaded (`conf.py` turns it off), since none of it is
garbage, and leaves them out when it looks later.
"""

from __future__ import annotations

import gc
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.util.typing import ExtensionMetadata


def _keep_templates(app: Sphinx) -> None:
    """Let the templates of pages be kept in their compiled form; a change of one is noticed."""
    if isinstance(app.builder, StandaloneHTMLBuilder) and isinstance(
            app.builder.templates, BuiltinTemplateLoader):
        folder = Path(app.doctreedir) / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        app.builder.templates.environment.bytecode_cache = FileSystemBytecodeCache(str(folder))


def _collect_again(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """All is loaded, and stays to the end of the build."""
    gc.freeze()
    gc.enable()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register both."""
    app.connect("builder-inited", _keep_templates)
    app.connect("env-before-read-docs", _collect_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
