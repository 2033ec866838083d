"""Damaged specs never crash, hang, or give a finding without a place.

`MODELBOOK_FUZZ_EXAMPLES=10000 pytest tests/compiler/fuzz` is the full run.
"""

from __future__ import annotations

import functools
import json
import os
import re
import time

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler import check, report, suppress
from compiler.catalogue import Catalogue, Document, load
from compiler.finding import Finding, Severity
from compiler.read.nodes import Mapping, Node, Scalar, Sequence, plain
from compiler.read.parse import parse
from compiler.review import Review
from compiler.schema import files
from compiler.schema.validate import validate
from tests.compiler.fuzz.mutations import ROOT, mutated

EXAMPLES = int(os.environ.get("MODELBOOK_FUZZ_EXAMPLES", "200"))
SECONDS = 2
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, print_blob=True,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FILE = "specs/families/fuzz.yaml"


@functools.cache
def shipped() -> list[Document]:
    """The engines and formats that a mutated family is checked against."""
    return [one for one in load(ROOT / "specs").documents if one.kind != "family"]


def assert_placed(findings: list[Finding], data: bytes) -> None:
    """Each finding stands inside the file, on characters that are there."""
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    lines = re.split(r"\r?\n", text)
    for found in findings:
        for span in (found.span, *(one.span for one in found.related if one.file == found.file)):
            assert 1 <= span.line <= span.end_line <= len(lines), found
            assert (span.line, span.column) <= (span.end_line, span.end_column), found
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1, found
            assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, found
        assert found.message, found
        # What rules say repeats names, which the text reporter shortens.
        assert len(found.message) < (400 if found.code < "MB2" else 5000), found
        assert "\n" not in found.message, found


def everything(data: bytes) -> list[Finding]:
    """Read, validate, check, suppress and report, as `compiler check` does."""
    tree, findings = parse(data, FILE)
    if tree is None:
        assert findings
    elif not findings:
        findings = validate(tree, "family", FILE)
    catalogue = Catalogue(documents=list(shipped()), checked=[FILE])
    text = data.decode("utf-8-sig", errors="replace")
    if isinstance(tree, Mapping) and not findings:
        catalogue.documents.append(Document("family", FILE, "families/fuzz.yaml", tree, text))
        findings = check.run(catalogue, {FILE})
        findings = suppress.apply(findings, {FILE: text}, {FILE: tree})
        plain(tree)
    review = Review(findings, [FILE], {FILE: text}, catalogue)
    for name in report.names():
        report.render(name, review)
    return [found for found in findings if found.file == FILE]


@SETTINGS
@given(data=mutated())
def test_damaged_specs(data: bytes) -> None:
    start = time.process_time()
    findings = everything(data)
    assert time.process_time() - start < SECONDS
    assert_placed(findings, data)


@SETTINGS
@given(data=st.binary(max_size=400) | st.text(max_size=400).map(str.encode)
       | st.text("-?:,[]{}#&*!|>'\"%@` \nab\t1.~<", max_size=200).map(str.encode))
def test_anything_at_all(data: bytes) -> None:
    assert_placed(everything(data), data)


def scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [one for item in node.items for one in scalars(item)]
    return [one for key, value in node.items() for one in (key, *scalars(value))]


@SETTINGS
@given(data=mutated())
def test_spans_of_one_line_slice_back_to_the_value(data: bytes) -> None:
    tree, findings = parse(data, FILE)
    if tree is None or findings:
        return
    lines = data.decode("utf-8-sig").split("\n")
    for one in scalars(tree):
        span = one.span
        source = lines[span.line - 1][span.column - 1:span.end_column - 1]
        if span.line == span.end_line and one.plain:
            assert source == one.raw
        elif span.line == span.end_line and "\\" not in source and "''" not in source:
            assert source[:1] in "|>" or source[1:-1] == one.raw


KEYS = ("name", "context_length", "languages", "abilities", "description", "architectures",
        "tool_parser", "deprecated", "specs", "nmae")
LEAVES = (st.none() | st.booleans() | st.integers(-10**9, 10**9) | st.text(max_size=20)
          | st.floats(-1e6, 1e6).map(lambda number: round(number, 3)))


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A value, or a list or mapping of values."""
    return inner | st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(FIELDS) | st.text(max_size=12), inner, max_size=4)


FIELDS = ("format", "size_in_billions", "quantizations", "hubs", "huggingface", "repo_id", "since",
          "split_parts", "engines", "variant")
VALUES = nested(nested(nested(LEAVES)))


@SETTINGS
@given(value=st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, VALUES)))
def test_documents_of_any_shape_have_findings_at_their_places(value: dict[str, object]) -> None:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")
    tree, findings = parse(data, FILE)
    if tree is None:
        assert findings
        assert_placed(findings, data)
        return
    found = validate(tree, "family", FILE)
    assert_placed(found, data)
    # Words may merge errors but never lose a document's being wrong.
    wrong = not jsonschema_rs.Draft7Validator(files.load("family")).is_valid(plain(tree))
    assert bool(found) >= wrong


def test_the_seeds_are_sound() -> None:
    family = (ROOT / "specs/families/seed-oss.yaml").read_bytes()
    errors = [one.path for one in everything(family) if one.severity is Severity.ERROR]
    assert errors == ["name"]  # the file is called otherwise here
