"""The site in several languages: links between them, and a word on pages without translation.

English is the root of the site and `zh/` is Chinese, built from the same pages. Each shows the link
to the other, and tells search engines of it, where that has been built beside it, so a site in one
language has no dead link.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
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


_LETTERS = re.compile("[A-Za-z]")
#: Characters that Chinese is written in, as Python and JavaScript both write the range.
_HAN = r"\u3400-\u9fff"


class _Chinese(SearchChinese):
    """Finds Chinese text by its characters and by pairs of them.

    Sphinx's own way needs a dictionary of 19 MB (jieba), and cuts only pages into words, not what
    a reader types; so it finds whole words alone, and without the dictionary nothing.
    """

    # Sphinx ships English's stemmer for Chinese, but names it after this in the search page.
    language_name = "English"
    js_splitter_code = f"""
function splitQuery(query) {{
  const terms = [];
  const runs = /[{_HAN}]+|(?:(?![{_HAN}])[\\p{{Letter}}\\p{{Number}}_])+/gu;
  for (const run of query.match(runs) || [])
    if (run.length < 2 || !/^[{_HAN}]/.test(run)) terms.push(run);
    else for (let at = 0; at + 1 < run.length; at++) terms.push(run.slice(at, at + 2));
  return terms;
}}
"""
    _runs = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")

    def split(self, input: str) -> list[str]:
        """What of a text is looked for; the script above does the same to what a reader types."""
        terms = []
        for run in self._runs.findall(input):
            if "\u3400" <= run[0] <= "\u9fff":
                terms += [*run, *(run[at:at + 2] for at in range(len(run) - 1))]
            else:
                terms.append(run)
                self.latin_terms.add(run)
        return terms

    def word_filter(self, stemmed_word: str) -> bool:
        """Whether a term is worth a place in the index."""
        return len(stemmed_word) > 1 or stemmed_word >= "\u3400"


def _languages(app: Sphinx, config: Config) -> None:
    """Find which other languages were built, and where."""
    own = LANGUAGES[config.language or "en"][2]
    root = config.html_baseurl and f"{config.html_baseurl.rstrip('/')}/"
    if own:  # where its pages lie on the server
        config.modelbook_path = f"{config.modelbook_path.rstrip('/')}/{own}"
        if config.html_baseurl:
            config.html_baseurl = root + own
    site = Path(app.confdir) / "_build" / "html"
    back = "../" * own.count("/")
    config.html_context["other_languages"] = [
        {"tag": tag, "title": title, "prefix": back + folder}
        for tag, title, folder in LANGUAGES.values()
        if folder != own and (site / folder / "index.html").exists()]
    config.html_context["alternates"] = [
        (tag, root + folder if root else back + folder) for tag, title, folder in LANGUAGES.values()
    ] if config.html_context["other_languages"] else []


def _alternates(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
                doctree: nodes.document | None) -> None:
    """Name the page in each language, itself among them; for all other readers the English one."""
    if doctree is None:  # the search, the index and 404 are no pages to be found
        return
    here = "" if app.config.html_baseurl else context["content_root"]
    page = app.builder.get_target_uri(pagename)
    links = [f'<link rel="alternate" hreflang="{tag}" href="{escape(here + start + page)}">'
             for tag, start in context["alternates"]]
    if links:
        default = links[0].replace('hreflang="en"', 'hreflang="x-default"')
        context["metatags"] = "\n".join([context.get("metatags") or "", *links, default, ""])


def _summary(app: Sphinx) -> None:
    """Say what the site is about in its own language, for llms.txt."""
    app.config.modelbook_summary = str(_(app.config.modelbook_summary))


def _theme_words(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
                 doctree: nodes.document | None) -> None:
    if (app.config.language or "en") != "en":
        context["theme_words"] = [(text, _(text)) for text in THEME_WORDS]


def _count(app: Sphinx, doctree: nodes.document) -> None:
    """Note on a page that was read whether all of it is translated."""
    marked = [node for node in doctree.findall(nodes.Element) if "translated" in node
              # Sphinx translates what a toctree says, and still counts it as not translated.
              and not isinstance(node, addnodes.toctree)]
    doctree["wholly_translated"] = bool(marked) and all(
        # What Sphinx itself said in the site's language is not looked up, and needs not be.
        node["translated"] or not _LETTERS.search(node.astext()) for node in marked)


def _say_untranslated(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """On a page that is English on a site that is not: say so in the site's language."""
    if (app.config.language or "en") == "en" or docname.startswith(_TRANSLATED):
        return
    if doctree.get("wholly_translated"):
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
    app.connect("builder-inited", _summary)
    app.connect("html-page-context", _theme_words)
    app.connect("html-page-context", _alternates)
    app.connect("doctree-read", _count)
    app.connect("doctree-resolved", _say_untranslated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
