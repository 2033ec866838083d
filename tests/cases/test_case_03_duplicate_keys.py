"""Case 3: a duplicate key is an error that names both places."""

from __future__ import annotations

from pathlib import Path

from tests.support.yaml_specs import checked, read


def test_the_case_itself(tmp_path: Path) -> None:
    text = ("name: demo\nspecs:\n  - format: ggufv2\n    size_in_billions: 1_8\n"
            "    quantizations: [Q4_K_M]\n    hub: {id: org/a}\n    quantizations: [Q8_0]\n")
    _, (finding,) = read(text)
    assert (finding.span.line, finding.span.column) == (7, 5)
    assert finding.message == "duplicate key `quantizations`, first at 5:5"
    (related,) = finding.related
    assert (related.span.line, related.span.column) == (5, 5)
    assert checked(tmp_path, text).failed


def test_inside_flow_mappings() -> None:
    _, (finding,) = read("hub: {id: a, id: b}\n")
    assert (finding.span.line, finding.span.column) == (1, 14)


def test_quoted_and_plain_spellings_are_the_same_key() -> None:
    _, (finding,) = read("a: 1\n\"a\": 2\n")
    assert finding.code == "MB007"


def test_two_merge_keys() -> None:
    _, findings = read("a: {x: 1}\nb:\n  <<: {y: 1}\n  <<: {z: 1}\n")
    assert [(found.span.line, found.code) for found in findings] == [(3, "MB011"), (4, "MB011")]
