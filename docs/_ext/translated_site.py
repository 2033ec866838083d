"""The site in several languages: links between them, and a word on pages without translation.

English is the root of the site and `zh/` is Chinese, built from the same pages. Each shows the link
to the other where that has been built beside it, so a site in one language has no dead link.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import _
from sphinx.search.zh import SearchChinese
from sphinx.util.typing import ExtensionMetadata

#: Language of Sphinx → tag for browsers, title, and its folder of the site.
LANGUAGES = {"en": ("en", "English", ""), "zh_CN": ("zh-CN", "简体中文", "zh/")}
#: Words that the theme writes into its templates.
THEME_WORDS = (
    "Toggle site navigation sidebar", "Toggle table of contents sidebar",
    "Toggle Light / Dark / Auto color theme", "Logo", "Contents", "Menu", "Expand", "Light mode",
    "Dark mode", "Auto light/dark, in light mode", "Auto light/dark, in dark mode",
)
#: These pages come translated from `compiler build`.
_TRANSLATED = ("generated/models/", "generated/verification", "generated/engines/")


class _Chinese(SearchChinese):
    """Sphinx ships English's stemmer for Chinese, but names it after this in the search page."""

    language_name = "English"


def _languages(app: Sphinx, config: Config) -> None:
    """Find which other languages were built, and where."""
    own = LANGUAGES[config.language or "en"][2]
    site = Path(app.confdir) / "_build" / "html"
    back = "../" * own.count("/")
    config.html_context["other_languages"] = [
        {"tag": tag, "title": title, "prefix": back + folder}
        for tag, title, folder in LANGUAGES.values()
        if folder != own and (site / folder / "index.html").exists()]


def _theme_words(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
                 doctree: nodes.document | None) -> None:
    if (app.config.language or "en") != "en":
        context["theme_words"] = [(text, _(text)) for text in THEME_WORDS]


def _say_untranslated(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """On a page that is English on a site that is not: say so in the site's language."""
    if (app.config.language or "en") == "en" or docname.startswith(_TRANSLATED):
        return
    progress: Any = doctree.get("translation_progress") or {}
    total = progress.get("total", 0)  # 0: there is no file of translations at all
    if total and progress.get("translated", 0) >= total:
        return
    text = _("This page, or a part of it, has not been translated yet and is shown in English.")
    note = nodes.note("", nodes.paragraph("", text), classes=["untranslated"])
    section = next(iter(doctree.findall(nodes.section)), None)
    if section is not None:
        section.insert(1, note)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all of it."""
    app.add_search_language(_Chinese)
    app.connect("config-inited", _languages)
    app.connect("html-page-context", _theme_words)
    app.connect("doctree-resolved", _say_untranslated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
