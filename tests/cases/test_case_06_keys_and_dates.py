"""Case 6: keys that are not text, and dates, are findings or text; never a traceback."""

from __future__ import annotations

from pathlib import Path

from compiler.plan import plan
from compiler.read.nodes import plain
from runtime.manifest import encode
from tests.support.yaml_specs import FAMILY, checked, read


def test_a_number_as_a_key() -> None:
    _, findings = read("quantizations: {4: {bits: 4}, 8: {bits: 8}}\n")
    assert [(found.span.line, found.span.column, found.message) for found in findings] == [
        (1, 17, "key 4 is a number; quote it"), (1, 31, "key 8 is a number; quote it")]


def test_a_date_stays_text(tmp_path: Path) -> None:
    tree, findings = read("released: 2024-01-01\nat: 2024-01-01T12:30:45Z\n")
    assert not findings
    assert tree is not None
    assert plain(tree) == {"released": "2024-01-01", "at": "2024-01-01T12:30:45Z"}
    dated = FAMILY + "deprecated: {since: 2024-01-01, reason: It is old.}\n"
    result = checked(tmp_path, dated)
    assert not result.failed, result.findings
    assert b'"since": "2024-01-01"' in encode(plan(result.catalogue.documents))
