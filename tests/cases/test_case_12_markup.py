"""Case 12: markup characters in free text are shown, each line as it stands."""

from __future__ import annotations

from runtime.naming import slug
from tests.support.pages import compile_specs, family_yaml, field, heading, html_of

LINES = [
    ".. note to reader",
    "uses *-aes and 2*3, `x and ``y, the |best| one, [1]_ and qwen_",
    "A. Smith trained it",
    "- 7B",
    "Formats::",
    ">>> print(1)",
]


def test_every_line_is_literal(tmp_path):
    texts = {"all": "\n".join(LINES), **{f"line{n}": line for n, line in enumerate(LINES)},
             "dots": "..note and ... and"}
    html = html_of(tmp_path, compile_specs(
        tmp_path, {name: family_yaml(name, text) for name, text in texts.items()}))
    for name, text in texts.items():
        assert field(html / f"{name}.html", "Description").strip() == text


def test_a_name_that_ends_like_a_reference_is_a_heading(tmp_path):
    names = ["qwen_", "qwen__", "a `b` c", "[1]_", "A. Smith"]
    html = html_of(tmp_path, compile_specs(
        tmp_path, {name: family_yaml(name, "Text.") for name in names}))
    for name in names:
        assert heading(html / f"{slug(name)}.html") == name
        assert field(html / f"{slug(name)}.html", "Model Name") == f" {name}"
