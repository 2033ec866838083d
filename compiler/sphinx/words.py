"""Names of abilities and languages, and what families say, in the language of the site."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from compiler.emit import language as languages
from compiler.emit.language import ENGLISH, Language
from compiler.sphinx.translation import _
from runtime.errors import UserError
from runtime.manifest import Family

logger = logging.getLogger(__name__)


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


class English(str):
    """What a spec says and nobody has translated into the language of the site.

    `compiler.sphinx.elements.text` marks it for browsers, search engines and screen readers.
    """

    __slots__ = ()


#: Read once a build: each has a configuration of its own.
_spoken: WeakKeyDictionary[Config, Language] = WeakKeyDictionary()


def spoken(source: Path, config: Config) -> Language:
    """The language of the site, with what specs say in it."""
    if config not in _spoken:
        _spoken[config] = _read(source, config)
    return _spoken[config]


def _read(source: Path, config: Config) -> Language:
    name, folder = config.language or ENGLISH, config.modelbook_translations
    if name == ENGLISH:
        return Language()
    try:
        return languages.read(name, source / folder / name if folder else None)
    except UserError as error:
        logger.warning("%s (%s)", error, error.hint, type="modelbook", subtype="translation")
        return languages.read(name, None)


def description(env: BuildEnvironment, family: Family) -> str:
    """What a family says of itself; `English` where it brings no translation."""
    said = spoken(Path(env.srcdir), env.config).of_family(family.slug, family.description)
    return English(family.description) if said is None else said


def sentences(*said: str) -> str:
    """Sentences one after the other; Chinese has no space after its full stop."""
    whole = ""
    for each in filter(None, said):
        whole += each if not whole or whole.endswith("。") else f" {each}"
    return whole


def of_engine(known: Language, text: str) -> str:
    """What an engine's spec says; `English` where it brings no translation."""
    said = known.of_engine(text)
    return English(text) if said is None else said


def reason(known: Language, text: str, code: str = "") -> str:
    """Why an engine does not load something, or why a verification failed; likewise.

    Args:
        known: The language of the site.
        text: In English.
        code: Of the rule that refuses it.
    """
    said = known.reason(f"{code} {text}".lstrip())
    return English(text) if said is None else said.removeprefix(f"{code} ")
