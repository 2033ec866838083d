"""Names of abilities and languages for readers, in the language of the site."""

from __future__ import annotations

from functools import lru_cache

from compiler.sphinx.translation import _


def _marked(text: str) -> str:
    """Marks a text for translators; it is translated where it is shown."""
    return text


_ABILITIES = {
    "chat": _marked("chat"), "generate": _marked("generate"), "reasoning": _marked("reasoning"),
    "hybrid": _marked("hybrid reasoning"), "tools": _marked("tools"), "vision": _marked("vision"),
    "audio": _marked("audio"), "omni": _marked("omni"),
}


def ability(name: str) -> str:
    """An ability; one that is not known is shown as it is written."""
    known = _ABILITIES.get(name)
    return str(_(known)) if known else name


def language(code: str) -> str:
    """A language, in the language of the site; its code where nobody has a name for it."""
    # Translated to the code of the language of the site itself.
    return _language(code, str(_("en")))


@lru_cache(maxsize=512)
def _language(code: str, shown_in: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(code, sep="-").get_display_name(shown_in)
    except (UnknownLocaleError, ValueError):
        return code
    return f"{name[0].upper()}{name[1:]}" if name else code
