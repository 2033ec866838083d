"""The Sphinx extension: what the plain generated pages gain on a web site.

Use it with `extensions = ["compiler.sphinx"]`. It reads what `compiler build` wrote (the manifest
and, beside it, what the verification records say) and adds to each family's page; the pages
themselves stay as they were generated. `docs/reference/sphinx-extension.rst` documents its options,
directives and roles.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from compiler.sphinx import translation
from runtime import __version__

#: Changes when pages that were read by an earlier version must be read again.
ENV_VERSION = 2
#: The extension's parts, each a module with a `setup(app)` of its own, in the order of set-up.
PARTS = (
    "assets",
    "records",
    "uses",
    "elements",
    "family_pages",
    "engine_pages",
    "directives",
    "catalogue",
    "sharing",
    "outlines",
)


@dataclass(frozen=True, slots=True)
class Option:
    """A value that `conf.py` may set.

    Attributes:
        name: Of the variable.
        default: Where it is not set.
        rebuild: What a change makes Sphinx do again: `env` (read all), `html` (write all), or
            nothing.
        types: What it may be.
        description: One sentence.
    """

    name: str
    default: object
    rebuild: Literal["", "env", "html"]
    types: tuple[type, ...]
    description: str


OPTIONS = (
    Option("modelbook_manifest", "generated/manifest.json", "env", (str,),
           "The manifest that compiler build wrote, relative to the source folder."),
    Option("modelbook_verification", None, "env", (str, type(None)),
           "What the verification records say; verification.json beside the manifest unless set."),
    Option("modelbook_program", "runtime launch", "env", (str,),
           "The program whose options commands are made of."),
    Option("modelbook_engine_pages", None, "env", (str, type(None)),
           "Folder, relative to the source folder, for a page about each engine; none unless set."),
    Option("modelbook_path", "/", "html", (str,),
           "The path of the site on its server, for the page for 404; html_baseurl, where it is "
           "set, says it better."),
    Option("modelbook_summary", "", "html", (str,),
           "What the site is about, in one sentence, for llms.txt."),
    Option("modelbook_translations", None, "html", (str, type(None)),
           "Folder, relative to the source folder, of what specs say in other languages: "
           "<language>/<family>.po and <language>/engines/<engine>.po."),
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the options and every part."""
    for option in OPTIONS:
        app.add_config_value(option.name, option.default, option.rebuild, option.types,
                             option.description)
    translation.register(app)
    for part in PARTS:
        importlib.import_module(f"compiler.sphinx.{part}").setup(app)
    return {"version": __version__, "env_version": ENV_VERSION,
            "parallel_read_safe": True, "parallel_write_safe": True}
