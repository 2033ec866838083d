"""Case 15: labels are explicit, unique, ASCII, and do not move when a family is added."""

from __future__ import annotations

import re

from runtime.naming import slug
from tests.support.pages import body, compile_specs, family_yaml, html_of

NAMES = ["千问大模型", "通义", "qwen"]


def anchors(folder, names: list[str]) -> dict[str, list[str]]:
    folder.mkdir()
    html = html_of(folder, compile_specs(
        folder, {name: family_yaml(name, "Text.") for name in names}))
    return {name: [element.attributes["id"] or ""
                   for tag in ("section", "span") for element in body(
                       html / f"{slug(name)}.html").all(tag) if element.attributes.get("id")]
            for name in names}


def test_labels_stay_when_a_family_is_added(tmp_path):
    few = anchors(tmp_path / "few", NAMES)
    more = anchors(tmp_path / "more", ["a family", *NAMES])
    for name in NAMES:
        assert few[name] == more[name]
        assert f"models-llm-{slug(name)}" in few[name]
        assert f"models-llm-{slug(name)}-ggufv2-1-8" in few[name]
        assert all(anchor.isascii() for anchor in few[name])
        assert not [anchor for anchor in few[name]
                    if re.fullmatch("id[0-9]+", anchor) and name.isascii()]
