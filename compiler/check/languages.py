"""Language codes: which exist, and what people write in their place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_SUBTAGS = re.compile(r"(?:-(?:[A-Za-z]{4}|[A-Za-z]{2}|[0-9]{3}))*\Z")

#: Codes of countries and other slips, with the language that is meant.
_MEANT = {"cn": "zh", "jp": "ja", "kr": "ko", "ua": "uk", "cz": "cs", "dk": "da", "gr": "el",
          "vn": "vi", "us": "en", "gb": "en", "iw": "he", "in": "id", "ir": "fa", "se": "sv",
          "english": "en", "chinese": "zh", "japanese": "ja", "korean": "ko", "french": "fr",
          "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt", "russian": "ru",
          "arabic": "ar", "hindi": "hi", "vietnamese": "vi", "thai": "th", "indonesian": "id"}


@cache
def _codes() -> str:
    """All codes with a space before and after each; a set of them takes longer to make."""
    text = (Path(__file__).parent / "data" / "languages.txt").read_text(encoding="utf-8")
    return re.sub(r"#.*|\n", " ", text)


def is_language(tag: str) -> bool:
    """Whether `tag` is an ISO 639-1 or 639-3 code, possibly with a script or region.

    Case is left to the rule on duplicates; a code in upper case is still a code.
    """
    code, separator, rest = tag.partition("-")
    known = code.isalpha() and f" {code.lower()} " in _codes()
    return known and bool(_SUBTAGS.match(separator + rest))


def suggestion(tag: str) -> str | None:
    """The code that `tag` was meant to be, where that is well known."""
    code, separator, rest = tag.replace("_", "-").partition("-")
    meant = _MEANT.get(code.lower(), code if is_language(code) else None)
    if meant is None:
        return None
    whole = meant + separator + rest
    return whole if is_language(whole) else meant
