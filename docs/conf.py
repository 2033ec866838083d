"""The Sphinx project of the Modelbook site; `make docs` compiles the specs and then builds it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

gc.disable()  # until quick_start turns it on again

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from runtime import __version__  # noqa: E402

project = "Modelbook"
author = "The Modelbook authors"
project_copyright = author
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "compiler.sphinx",
    "sphinx_design",
    "sphinx_copybutton",
    "program_reference",
    "extension_options",
    "schema_reference",
    "site_files",
    "light_navigation",
    "translated_site",
    "quick_start",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_static", "_templates", "examples", "locale"]
locale_dirs = ["locale"]
gettext_compact = False  # one file of translations for each page
nitpicky = True
smartquotes = False  # option names and quantizations keep their hyphens and quotes

modelbook_summary = (
    "One YAML file a model family, compiled to checked pages and a manifest that a launcher runs.")
modelbook_translations = "../specs/translations"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# Signatures name types of other projects, whose pages this build does not read.
nitpick_ignore_regex = [("py:.*", ".*")]
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
default_role = "code"  # in docstrings; no page uses it

modelbook_engine_pages = "generated/engines"

html_theme = "furo"
html_title = "Modelbook"
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_sidebars = {"**": [
    "sidebar/brand.html", "sidebar/search.html", "sidebar/scroll-start.html",
    "sidebar/navigation.html", "sidebar/languages.html", "sidebar/scroll-end.html",
]}
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5c6b", "color-brand-content": "#0b5c6b"},
    "dark_css_variables": {"color-brand-primary": "#6cc7d4", "color-brand-content": "#6cc7d4"},
    "top_of_page_buttons": [],
}
pygments_style = "a11y-light"
pygments_dark_style = "github-dark"

copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
