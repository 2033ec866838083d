"""The words of pages in another language than English.

Templates mark their own text with the filter `say`; sentences that the code composes from facts go
through `told`. Both are looked up in `compiler/emit/locale/<language>.po`: a msgid of `told` holds
`{}` for each fact in it. What specs say is looked up in `specs/translations/<language>`, with the
English text as the msgid: `<slug>.po` for a family, `engines/<file>.po` for an engine.
Whatever has no translation stays as it is; a test holds that the interface has all of its own, and
pages mark as English what specs say without a translation.

In English, which needs no file, every function here returns what it is given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from runtime.errors import MisuseError, UserError

ENGLISH = "en"
#: In the specs folder: translations of what families say of themselves.
TRANSLATIONS = "translations"
#: Between the context of a message and its text, where a context is stated.
CONTEXT = "\x04"
#: In the folder of a language: translations of what engines' specs say.
ENGINES = "engines"
_LOCALE = Path(__file__).parent / "locale"
_FACT = re.escape("{}")
_LETTER = re.compile("[A-Za-z]")
_CODE = re.compile(r"(MB\d+) (.+)", re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')


# Without `eq` it is itself: a key of caches, since nothing changes it.
class Language(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A language of pages.

    Attributes:
        name: Such as `zh_CN`; `en` is what everything is written in.
        phrases: English → translation.
        descriptions: Slug of a family, or `engines/` and the name of an engine's file → the spec's
            own texts, English → translation.
    """

    name: str = ENGLISH
    phrases: Mapping[str, str] = {}
    descriptions: Mapping[str, Mapping[str, str]] = {}

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

    def _matched(self, text: str, context: str = "") -> str | None:
        if (known := self.phrases.get(context + text)) is not None:
            return known
        for pattern, translation in self._patterns.get(context, ()):
            if match := pattern.fullmatch(text):
                return translation.format(*(self._fact(fact, context) for fact in match.groups()))
        return None

    def _fact(self, text: str, context: str) -> str:
        """A fact inside a sentence, which may be a phrase itself."""
        return self._matched(text, context) or self.engines.get(text, text)

    @cached_property
    def engines(self) -> dict[str, str]:
        """Texts of all engines' specs, English → translation."""
        return {text: translation for name, texts in self.descriptions.items()
                if name.startswith(f"{ENGINES}/") for text, translation in texts.items()}

    @cached_property
    def _patterns(self) -> dict[str, list[tuple[re.Pattern[str], str]]]:
        """Context → phrases with facts, the longest first, since it is the most particular."""
        found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for key, translation in sorted(self.phrases.items(), key=lambda item: -len(item[0])):
            if "{}" in key:
                context, mark, text = key.rpartition(CONTEXT)
                found.setdefault(context + mark, []).append(
                    (re.compile(re.escape(text).replace(_FACT, "(.+?)")), translation))
        return found

    def of_family(self, slug: str, text: str) -> str | None:
        """A text of a family's spec; None where it has no translation."""
        return text if self.name == ENGLISH else self.descriptions.get(slug, {}).get(text)

    def of_engine(self, text: str) -> str | None:
        """A text of an engine's spec; None where it has no translation."""
        return text if self.name == ENGLISH else self.engines.get(text)

    def ability(self, name: str) -> str:
        """An ability, where it stands in a row of them."""
        return self.phrases.get(f"ability{CONTEXT}{name}", name)

    def reason(self, text: str) -> str | None:
        """Why something is refused or failed; None where there are no words for it.

        A rule's code may stand before it, as in `MB302 vLLM loads …`: it is the context (`msgctxt`)
        of the rule's own sentence. Other sentences have the context `reason`, or are an engine's.
        """
        if self.name == ENGLISH or not _LETTER.search(text):
            return text
        coded = _CODE.fullmatch(text)
        context, said = coded.groups() if coded else ("reason", text)
        found = (self._matched(said, context + CONTEXT) or self.engines.get(said)
                 or self.phrases.get(said))
        return f"{context} {found}" if found and coded else found


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
    return read(name, specs / TRANSLATIONS / name if specs else None)


def read(name: str, own: Path | None) -> Language:
    """The language called `name`, with the translations of specs in a folder.

    Raises:
        UserError: A file of translations cannot be read.
    """
    source = _LOCALE / f"{name}.po"
    phrases = read_po(source) if source.is_file() else {}
    return Language(name, phrases, {
        path.relative_to(own).with_suffix("").as_posix() if own else "": read_po(path)
        for path in files(own)})


def files(own: Path | None) -> list[Path]:
    """The files of translations in the folder of a language, those of engines last."""
    return [*sorted(own.glob("*.po")), *sorted((own / ENGINES).glob("*.po"))] if own else []


def read_po(path: Path) -> dict[str, str]:
    """The translations in a gettext file; fuzzy and empty ones are left out.

    Raises:
        UserError: It cannot be read, or is no such file.
    """
    try:
        if not path.is_file():  # reading a pipe or a device may never end
            raise UserError(f"cannot read {path}: it is not a regular file",
                            code="translation-unreadable", hint="put a text file there")
        return dict(_entries(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", code="translation-unreadable",
                        hint="check the file's permissions, or delete it") from None
    except (ValueError, SyntaxError):
        raise UserError(f"{path} is not a gettext file", code="translation-invalid",
                        hint="`msgfmt --check` names the line") from None


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Message and translation of each entry; plural forms are not used here."""
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
            context = f"{parts['msgctxt']}{CONTEXT}" if "msgctxt" in parts else ""
            yield context + parts["msgid"], parts["msgstr"]


def _unquoted(quoted: str) -> str:
    if not _QUOTED.fullmatch(quoted.strip()):  # nothing else is evaluated, however harmless
        raise ValueError(quoted)
    return str(ast.literal_eval(quoted.strip()))
