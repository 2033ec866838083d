"""Case 2: `no` is Norwegian."""

from __future__ import annotations

from pathlib import Path

from compiler.plan import plan
from tests.support.yaml_specs import FAMILY, checked, problems

WORDS = ["en", "zh", "no", "nb", "on", "No", "NO", "Off", "yes", "y", "n", "off", "Yes", "N"]


def test_words_of_a_list_stay_words(tmp_path: Path) -> None:
    result = checked(tmp_path, FAMILY.replace("[en]", "[en, zh, no, nb]"))
    assert not result.failed
    assert plan(result.catalogue.documents).families[0].languages == ["en", "zh", "no", "nb"]


def test_no_word_is_read_as_a_boolean() -> None:
    assert not problems(FAMILY.replace("[en]", f"[{', '.join(WORDS)}]"))


def test_a_boolean_is_named_as_typed() -> None:
    for word in ("true", "False", "TRUE"):
        (finding,) = problems(FAMILY.replace("[en]", f"[en, {word}]"))
        assert finding.message == f"expected text, got {word}; quote it"
        assert (finding.span.line, finding.span.column) == (3, 17)


def test_keys_get_the_same_treatment() -> None:
    (finding,) = problems(FAMILY + "no: 1\n")
    assert (finding.span.line, finding.code) == (14, "MB102")
    assert "`no`" in finding.message
    (finding,) = problems(FAMILY + "true: 1\n")
    assert (finding.span.line, finding.message) == (14, "key true is a boolean; quote it")
