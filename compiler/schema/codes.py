"""The codes of the schema check, with what `compiler explain` says about each."""

from __future__ import annotations

WRONG_TYPE = "MB101"
UNKNOWN_KEY = "MB102"
MISSING_KEY = "MB103"
NOT_ALLOWED = "MB104"
WRONG_SHAPE = "MB105"
OUT_OF_BOUNDS = "MB106"
TWICE = "MB107"
OTHER = "MB108"

EXPLANATIONS: dict[str, str] = {
    WRONG_TYPE: """A value is of another type than its key takes.

Without quotes, `8` and `1.8` are numbers, `true` is a boolean and an empty value is null;
everything else is text. Quote a value that is meant as text. Sizes write `_` for the decimal point:
`1_8`.
""",
    UNKNOWN_KEY: """A key is not part of the spec language.

Unknown keys are refused rather than ignored, since a misspelt key would silently leave its value
out. The message names the nearest key that exists.
""",
    MISSING_KEY: """A key that every such entry needs is not there.

The finding stands at the entry's first key, or at the key that the entry belongs to.
""",
    NOT_ALLOWED: """A value is not one of those that its key takes.

Formats, abilities, hubs and the like are closed sets, so that pages, manifest and launcher agree on
them; case counts. A new one is added to its set first.
""",
    WRONG_SHAPE: """A text is not written as its key demands.

The message says what the key takes, with an example where there is one.
""",
    OUT_OF_BOUNDS: """A value is too small, too large, too short or too long.

An empty list or mapping counts too where at least one entry is needed.
""",
    TWICE: """A list names the same thing twice.

Delete one of the two; the finding also shows the first.
""",
    OTHER: """A value does not fit the schema.

`compiler schema KIND` prints the schema that applies.
""",
}
