"""Brings the translations of what specs say up to date with the specs.

Each family and each engine has a gettext file, as `compiler.emit.language` reads it. Texts that are
new come in without a translation. Where a text was reworded, its translation is kept beside the new
text and marked as fuzzy, so that no page shows it until somebody has looked at it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from compiler.emit.language import ENGINES, read_po
from runtime.manifest import Engine, Family, Manifest


@dataclass(frozen=True, slots=True)
class Update:
    """What becomes of one file.

    Attributes:
        path: Of the file.
        before: Its content; empty where there is none yet.
        after: What it is to be.
        lacking: Texts without a translation that counts.
        stale: Texts that are translated and no longer said.
    """

    path: Path
    before: str
    after: str
    lacking: list[str]
    stale: list[str]


def updates(manifest: Manifest, folder: Path, language: str) -> list[Update]:
    """What to do to the files of a language, one for each family and engine.

    Args:
        manifest: What the specs say.
        folder: That of the language, such as `specs/translations/zh_CN`.
        language: Its name.

    Raises:
        UserError: A file cannot be read.
    """
    said = {f"{family.slug}.po": (family.source.file, _of_family(family))
            for family in manifest.families}
    said |= {f"{ENGINES}/{Path(engine.source.file).stem}.po": (engine.source.file,
                                                              _of_engine(engine))
             for engine in manifest.engines}
    return [_update(folder / name, source, list(dict.fromkeys(filter(None, texts))), language)
            for name, (source, texts) in said.items()]


def _of_family(family: Family) -> Iterator[str]:
    yield family.description
    if family.deprecated:
        yield family.deprecated.reason
    for spec in family.specs:
        for deprecation in spec.deprecated_quantizations.values():
            yield deprecation.reason


def _of_engine(engine: Engine) -> Iterator[str]:
    yield engine.description
    for refuses in engine.refuses:
        yield refuses.reason
    for provider in engine.providers:
        yield from provider.notes


def _update(path: Path, source: str, texts: list[str], language: str) -> Update:
    known = read_po(path) if path.exists() else {}
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lacking = [text for text in texts if text not in known]
    stale = [text for text in known if text not in texts]
    if not lacking and not stale:
        return Update(path, before, before, [], [])
    if before and not stale and _offered(before) >= set(lacking):
        return Update(path, before, before, lacking, [])  # they wait for a translator
    head = [f"# {source}", 'msgid ""', 'msgstr ""', f'"Language: {language}\\n"',
            '"Content-Type: text/plain; charset=utf-8\\n"', ""]
    body = [line for text in texts for line in _entry(text, known, stale)]
    return Update(path, before, "\n".join([*head, *body]).rstrip() + "\n", lacking, stale)


def _offered(content: str) -> set[str]:
    """The texts that a file holds on one line each, translated or not."""
    return {json.loads(line.removeprefix("msgid ")) for line in content.splitlines()
            if line.startswith('msgid "')}


def _entry(text: str, known: Mapping[str, str], stale: list[str]) -> Iterator[str]:
    """One message; with the translation of what it said before, if there is anything like it."""
    translation = known.get(text, "")
    if not translation and (near := get_close_matches(text, stale, n=1, cutoff=0.5)):
        translation = known[near[0]]
        yield from ("#, fuzzy", f"#| msgid {_quoted(near[0])}")
    yield from (f"msgid {_quoted(text)}", f"msgstr {_quoted(translation)}", "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
