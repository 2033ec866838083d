"""Case 11: a backslash is shown, and one at the end joins nothing to the line."""

from __future__ import annotations

from tests.support.pages import compile_specs, family_yaml, field, html_of

TEXTS = {"plain": "Default cache C:\\models\\new ends with a slash\\",
         "two": "ends with two \\\\", "lines": "first \\\nsecond\\", "unc": "\\\\host\\share\\x"}


def test_backslashes_are_shown_and_the_next_line_is_whole(tmp_path):
    html = html_of(tmp_path, compile_specs(
        tmp_path, {name: family_yaml(name, text) for name, text in TEXTS.items()}))
    for name, text in TEXTS.items():
        page = html / f"{name}.html"
        assert field(page, "Description").strip() == text
        assert field(page, "Model Format") == " ggufv2"
        assert field(page, "Verification") == " not verified"
