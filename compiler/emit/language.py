"""The words of pages in another language than English.

Templates mark their own text with the filter `say`; sentences that the code composes from facts go
through `told`. Both are looked up in `compiler/emit/locale/<language>.po`: a msgid of `told` holds
`{}` for each fact in it. Descriptions of families are looked up in
`specs/translations/<language>/<slug>.po`, one file a family, with the English text as the msgid.
Whatever has no translation stays as it is; a test holds that the interface has all of its own.

In English, which needs no file, every function here returns what it is given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runtime.errors import MisuseError, UserError

ENGLISH = "en"
#: In the specs folder: translations of what families say of themselves.
TRANSLATIONS = "translations"
_LOCALE = Path(__file__).parent / "locale"
_FACT = re.escape("{}")


@dataclass(frozen=True)
class Language:
    """A language of pages.

    Attributes:
        name: Such as `zh_CN`; `en` is what everything is written in.
        phrases: English → translation.
        descriptions: Slug of a family → its own texts, English → translation.
    """

    name: str = ENGLISH
    phrases: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def say(self, text: str) -> str:
        """A text of a template."""
        return self.phrases.get(text, text)

    def told(self, text: str) -> str:
        """A sentence that was composed from facts; each clause may be a phrase of its own."""
        if not self.phrases:
            return text
        return "".join(part if part in ("; ", "") else self.clause(part) or part
                       for part in re.split("(; )", text)).replace("; ", "；")

    def clause(self, text: str) -> str | None:
        """One clause, or several with commas; None where there is no phrase for it."""
        if text in self.phrases:
            return self.phrases[text]
        if len(parts := text.split(", ")) > 1:
            known = [self._matched(part) for part in parts]
            if None not in known:
                return "，".join(filter(None, known))
        return self._matched(text)

    def _matched(self, text: str) -> str | None:
        if text in self.phrases:
            return self.phrases[text]
        for pattern, translation in self._patterns:
            if match := pattern.fullmatch(text):
                return translation.format(*(self._matched(fact) or fact
                                            for fact in match.groups()))
        return None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Phrases with facts in them, the longest first, since it is the most particular."""
        phrases = sorted(self.phrases.items(), key=lambda item: -len(item[0]))
        return [(re.compile(re.escape(text).replace(_FACT, "(.+?)")), translation)
                for text, translation in phrases if "{}" in text]

    def description(self, slug: str, text: str) -> str:
        """What a family says of itself."""
        return self.descriptions.get(slug, {}).get(text, text)


def names() -> list[str]:
    """The languages that pages can be made in."""
    return sorted([ENGLISH, *(path.stem for path in _LOCALE.glob("*.po"))])


def find(name: str, specs: Path | None = None) -> Language:
    """The language called `name`, with the descriptions that a specs folder has in it.

    Raises:
        MisuseError: There is none of that name.
        UserError: A file of translations cannot be read.
    """
    if name not in names():
        raise MisuseError(f"there is no language {name!r}", code="language-unknown",
                          hint=f"languages: {', '.join(names())}")
    if name == ENGLISH:
        return Language()
    own = specs / TRANSLATIONS / name if specs else None
    return Language(name, read_po(_LOCALE / f"{name}.po"), {
        path.stem: read_po(path) for path in (sorted(own.glob("*.po")) if own else ())})


def read_po(path: Path) -> dict[str, str]:
    """The translations in a gettext file; fuzzy and empty ones are left out.

    Raises:
        UserError: It cannot be read, or is no such file.
    """
    try:
        return dict(_entries(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}",
                        code="translation-unreadable") from None
    except (ValueError, SyntaxError):
        raise UserError(f"{path} is not a gettext file", code="translation-invalid",
                        hint="`msgfmt --check` names the line") from None


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Message and translation of each entry; plural forms and contexts are not used here."""
    for entry in re.split(r"\n\s*\n", text):
        if re.search(r"(?m)^#,.*\bfuzzy\b", entry):
            continue
        parts: dict[str, str] = {}
        current = ""
        for line in entry.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if not line.startswith('"'):
                current, _, line = line.partition(" ")
            parts[current] = parts.get(current, "") + _unquoted(line)
        if parts.get("msgid") and parts.get("msgstr"):
            yield parts["msgid"], parts["msgstr"]


def _unquoted(quoted: str) -> str:
    value = ast.literal_eval(quoted.strip())
    if not isinstance(value, str):
        raise ValueError(quoted)
    return value
