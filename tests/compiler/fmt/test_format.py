from __future__ import annotations

from pathlib import Path

import pytest

from compiler.fmt import format_bytes, format_file
from compiler.fmt.modeline import choose


def formatted(text: str, *, kind: str = "family") -> str:
    outcome = format_bytes(text.encode(), "demo.yaml", kind=kind)
    assert outcome.left == ""
    assert outcome.findings == []
    return outcome.after.decode()


def test_comments_travel_with_their_keys() -> None:
    assert formatted("""\
# The licence of this file.

# What the lab says.
description: A model.  # short
specs:
- quantizations: [none]
  # As on the hub.
  format: pytorch # not gptq
  hubs:
      # preferred
      modelscope: {}
      huggingface: {}
      # pypi: {}
  size_in_billions: 7


# Smaller.
- format: awq
name: demo
# The end.
""") == """\
# The licence of this file.

name: demo
# What the lab says.
description: A model.  # short

specs:
  # As on the hub.
  - format: pytorch # not gptq
    size_in_billions: 7
    quantizations: [none]
    hubs:
      # preferred
      modelscope: {}
      huggingface: {}
      # pypi: {}

  # Smaller.
  - format: awq
# The end.
"""


def test_text_over_several_lines_keeps_its_shape() -> None:
    assert formatted("""\
name:   demo
chat_template: |
      {% if x %}
        {{ y }}
      {% endif %}
description: >2-
   kept
languages: [en,
            zh]
specs:
    - quantizations:
          [a,
           b]
      format:
        pytorch
""") == """\
name: demo
languages: [en,
            zh]
description: >2-
   kept

specs:
  - format: pytorch
    quantizations:
      [a,
       b]

chat_template: |
  {% if x %}
    {{ y }}
  {% endif %}
"""


def test_spaces_that_are_data_stay() -> None:
    text = 'name: "a  "\ndescription: |\n  ends in spaces  \n  next\n'
    assert formatted(text) == text


def test_an_unknown_key_stays_behind_the_key_it_followed() -> None:
    assert formatted("description: d\nextra: 1\nname: n\n") == "name: n\ndescription: d\nextra: 1\n"


@pytest.mark.parametrize(("text", "reason"), [
    ("{name: demo}\n", "brackets"),
    ("just text\n", "single value"),
    ("description: |+\n  text\n\nname: x\n", "final blank lines"),
])
def test_what_is_not_understood_is_left_and_told(text: str, reason: str) -> None:
    outcome = format_bytes(text.encode(), "demo.yaml")
    assert not outcome.changed
    assert reason in outcome.left


def test_reader_errors_are_reported_and_the_file_left() -> None:
    outcome = format_bytes(b"name: a\nname: b\n", "demo.yaml")
    assert not outcome.changed
    [finding] = outcome.findings
    assert (finding.span.line, finding.span.column) == (2, 1)


def test_windows_line_ends_and_a_byte_order_mark_go() -> None:
    outcome = format_bytes(b"\xef\xbb\xbfname: a  \r\n\r\n\r\nspecs: []", "demo.yaml")
    assert outcome.after == b"name: a\n\nspecs: []\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    schema = tmp_path / "compiler" / "schema" / "family.schema.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    (tmp_path / "specs" / "families").mkdir(parents=True)
    return tmp_path


MODELINE = "# yaml-language-server: $schema="


@pytest.mark.parametrize(("text", "expected"), [
    ("name: x\n", MODELINE + "../../compiler/schema/family.schema.json\nname: x\n"),
    (MODELINE + "wrong.json\n\nname: x\n",
     MODELINE + "../../compiler/schema/family.schema.json\nname: x\n"),
    ("# About.\n" + MODELINE + "https://example.org/s.json\nname: x\n",
     MODELINE + "https://example.org/s.json\n# About.\nname: x\n"),
])
def test_the_modeline_in_a_checkout(checkout: Path, text: str, expected: str) -> None:
    path = checkout / "specs" / "families" / "x.yaml"
    path.write_text(text)
    assert format_file(path).after.decode() == expected


def test_the_modeline_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "specs" / "families" / "x.yaml"
    assert choose(path, "family", None) is None
    assert choose(path, "family", "gone.json") == "gone.json"
    assert choose(path, "family", None, str(tmp_path / "s.json")) == "../../s.json"
    assert choose(path, "family", "gone.json", "https://x.org/s") == "https://x.org/s"


def test_a_comment_for_the_compiler_stays_with_its_line() -> None:
    text = ("name: x\ndescription:\n  # modelbook: ignore[MB261] as the lab writes it\n"
            "  one\n  two\n")
    outcome = format_bytes(text.encode(), "demo.yaml")
    assert not outcome.changed
    assert "comment for the compiler" in outcome.left
