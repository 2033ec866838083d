"""Names of abilities and languages, and what families say, in the language of the site."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sphinx.environment import BuildEnvironment

from compiler.emit.language import read_po
from compiler.sphinx.translation import _
from runtime.manifest import Family


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


def description(env: BuildEnvironment, family: Family) -> str:
    """What a family says of itself; in English where it brings no translation."""
    folder = env.config.modelbook_translations
    if not folder or not env.config.language:
        return family.description
    path = Path(env.srcdir) / folder / env.config.language / f"{family.slug}.po"
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return family.description
    return _own(path, changed).get(family.description, family.description)


@lru_cache(maxsize=1 << 12)
def _own(path: Path, changed: int) -> dict[str, str]:
    return read_po(path)
