"""Property: whatever the layout, formatting keeps the data and every comment, and is stable."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.fmt import format_bytes, format_file
from compiler.read.nodes import plain
from compiler.read.parse import parse

SPECS = sorted(Path("specs").rglob("*.yaml"))


def data_of(text: bytes) -> Any:
    tree, findings = parse(text, "x")
    assert tree is not None, findings
    assert not findings
    return plain(tree)


class Scribe:
    """Writes data as YAML in a layout chosen by a random generator, with numbered comments."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.comments = 0
        self.lines: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}c {self.random.choice(['', 'é', 'a: b', '- x', '[', chr(34)])}"

    def above(self, indent: int) -> None:
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            if self.chance(0.3):
                self.lines.append(" " * self.random.choice([0, 0, 1]))
            self.lines.append(" " * indent + self.comment() + " " * self.random.choice([0, 2]))
        if self.chance(0.15):
            self.lines += [""] * self.random.choice([1, 3])

    def tail(self) -> str:
        return " " * self.random.choice([1, 2, 5]) + self.comment() if self.chance(0.15) else (
            " " * self.random.choice([0, 0, 0, 3]))

    def scalar(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            return str(value)
        plain_ok = re.fullmatch(r"[A-Za-z][A-Za-z0-9 ./-]*[A-Za-z0-9]", value) and value not in (
            "null", "true", "false")
        style = self.random.choice(["plain", "single", "double"])
        if style == "plain" and plain_ok:
            return value
        if style == "single" and "\n" not in value:
            return "'" + value.replace("'", "''") + "'"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    def flow(self, value: Any, indent: int, depth: int = 0) -> str:
        if not isinstance(value, list | dict):
            return self.scalar(value)
        spread = self.chance(0.4) and value
        pad = " " * self.random.choice([0, 1, 2])
        parts = []
        items = value if isinstance(value, list) else value.items()
        for item in items:
            text = (self.flow(item, indent, depth + 1) if isinstance(value, list) else
                    f"{self.scalar(item[0])}: {self.flow(item[1], indent, depth + 1)}")
            parts.append(text)
        left, right = "[]" if isinstance(value, list) else "{}"
        if not spread:
            return left + pad + ", ".join(parts) + pad + right
        inner = "\n" + " " * (indent + 2 + self.random.choice([0, 1, 4]))
        body = inner.join(
            part + ("," if number < len(parts) - 1 else "") + (
                "  " + self.comment() if self.chance(0.2) else "")
            for number, part in enumerate(parts))
        return left + inner + body + "\n" + " " * (indent + self.random.choice([0, 2])) + right

    def block_text(self, value: str, indent: int) -> list[str]:
        depth = indent + self.random.choice([1, 2, 3, 4])
        header = "|-" if not value.endswith("\n") else "|"
        body = value.removesuffix("\n").split("\n")
        if body[0].startswith(" ") or not body[0]:
            header = f"|{depth - indent}" + header[1:]
        if self.chance(0.2):
            header += " " + self.comment()
        return [header, *(" " * depth + line if line else "" for line in body)]

    def write(self, value: Any, indent: int, start: str) -> None:
        """Write `value` behind `start` (a key with its colon, or a dash)."""
        step = self.random.choice([1, 2, 3, 4])
        if isinstance(value, dict) and value and self.chance(0.7):
            self.lines.append(start + self.tail())
            self.mapping(value, indent + step)
        elif isinstance(value, list) and value and self.chance(0.7):
            self.lines.append(start + self.tail())
            flush = start.endswith(":") and self.chance(0.3)
            self.sequence(value, indent if flush else indent + step)
        elif isinstance(value, str) and "\n" in value.strip() and value.strip() == value:
            first, *rest = self.block_text(value, indent)
            self.lines += [f"{start} {first}", *rest]
        elif self.chance(0.15):
            self.lines.append(start + self.tail())
            self.above(indent + 1)
            self.lines += (" " * (indent + step) + self.flow(value, indent) + self.tail()).split(
                "\n")
        else:
            gap = " " * self.random.choice([1, 1, 3])
            self.lines += (start + gap + self.flow(value, indent) + self.tail()).split("\n")

    def mapping(self, value: dict[str, Any], indent: int, *, first: str = "") -> None:
        for key, item in value.items():
            if first:
                start, first = first, ""
            else:
                self.above(indent)
                start = " " * indent
            self.write(item, indent, start + self.scalar(key) + ":")
        if self.chance(0.2):
            self.lines.append(" " * indent + self.comment())

    def sequence(self, value: list[Any], indent: int) -> None:
        for item in value:
            self.above(indent)
            if isinstance(item, dict) and item and self.chance(0.8):
                gap = self.random.choice([1, 3])
                self.mapping(item, indent + 1 + gap, first=" " * indent + "-" + " " * gap)
            else:
                self.write(item, indent, " " * indent + "-")


TEXTS = st.sampled_from(["", "x", "two words", "it's", "a\nb", "a\n\n  indented\nend", "# no",
                         "a # b", "no", "1_8", "千问", 'quote"d', "back\\slash", "- x",
                         "{quantization}"])


@st.composite
def families(draw: st.DrawFn) -> dict[str, Any]:
    hub = st.fixed_dictionaries({}, optional={
        "revision": TEXTS, "repo_id": TEXTS, "split_parts": st.dictionaries(
            st.sampled_from(["Q8", "BF16"]), st.lists(TEXTS, max_size=2))})
    spec = st.fixed_dictionaries(
        {"hubs": st.dictionaries(st.sampled_from(["pypi", "huggingface", "modelscope"]), hub,
                                 max_size=3)},
        optional={"quantizations": st.lists(TEXTS, max_size=6), "format": TEXTS,
                  "size_in_billions": st.one_of(st.just("1_8"), st.integers(0, 400)),
                  "zz_unknown": TEXTS, "trust_remote_code": st.booleans()})
    family = draw(st.fixed_dictionaries(
        {"name": TEXTS, "specs": st.lists(spec, min_size=1, max_size=3)},
        optional={"description": TEXTS, "languages": st.lists(TEXTS, max_size=3),
                  "unknown": TEXTS, "deprecated": st.fixed_dictionaries({"since": TEXTS})}))
    keys = draw(st.permutations(list(family)))
    return {key: family[key] for key in keys}


@settings(max_examples=300, deadline=None)
@given(family=families(), seed=st.integers(0, 2**32), crlf=st.booleans(), bom=st.booleans(),
       cut=st.booleans())
def test_any_layout(family: dict[str, Any], seed: int, crlf: bool, bom: bool, cut: bool) -> None:
    scribe = Scribe(seed)
    scribe.above(0)
    scribe.mapping(family, 0)
    text = "\n".join(scribe.lines) + ("" if cut else "\n")
    if crlf:
        text = text.replace("\n", "\r\n")
    source = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    assert data_of(source) == family  # the layout generator itself is right

    outcome = format_bytes(source, "x")

    assert outcome.left == ""
    assert outcome.findings == []
    after = outcome.after.decode()
    assert data_of(outcome.after) == family
    for number in range(1, scribe.comments + 1):
        assert after.count(f"# c{number}c") == 1
    assert format_bytes(outcome.after, "x").after == outcome.after
    assert not after.startswith("\ufeff")
    assert "\r" not in after
    assert after.endswith("\n")
    assert "\n\n\n" not in after
    keys = re.findall(r"(?m)^['\"]?(\w+)['\"]?:", after)
    assert keys.index("name") < keys.index("specs")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_formatted_rightly_or_left_alone(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SPECS)).read_text("utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 3))
        extra = data.draw(st.sampled_from(
            ["", " ", "  ", "\n", "#", " # x", "- ", ": ", "'", '"', "|", ">", "[", "]", "{", "}",
             ",", "\t", "&a ", "*a", "!!x ", "?", "? ", "---\n", "...\n", "\\", "é", "\u2028"]))
        text = text[:at] + extra + text[at + cut:]
    source = text.encode()
    outcome = format_bytes(source, "x")
    if outcome.left or outcome.findings:
        assert outcome.after == source
    else:
        assert data_of(outcome.after) == data_of(source)
        assert format_bytes(outcome.after, "x").after == outcome.after


@pytest.mark.parametrize("path", SPECS, ids=str)
def test_the_shipped_specs_are_formatted(path: Path) -> None:
    outcome = format_file(path)
    assert outcome.after.decode() == path.read_text("utf-8")
