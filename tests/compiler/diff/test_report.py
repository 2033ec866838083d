from __future__ import annotations

import json
from datetime import date

from compiler.diff import Change, compare, report
from tests.compiler.diff.builders import family, manifest


def many(count: int) -> list[Change]:
    old = manifest(family())
    new = manifest(family(context_length=1024),
                   *(family(name=f"a-family-with-a-long-name-{n:05}") for n in range(count)))
    return compare(old, new, today=date(2026, 6, 1))


def test_a_long_comment_is_cut_at_its_end_with_a_note() -> None:
    out = report.markdown(many(3000), "main", "specs")
    assert 55_000 < len(out.encode()) <= report.MARKDOWN_LIMIT
    assert "### Launch" in out
    shown = out.count("\n- ")
    assert f"*{3001 - shown} more changes not shown here" in out.split("\n")[-2]


def test_a_cut_within_the_first_grade_counts_the_others_too() -> None:
    changes = many(50)
    out = report.markdown(changes, "main", "specs", limit=400)
    assert len(out.encode()) <= 400
    assert f"*{len(changes) - out.count(chr(10) + '- ')} more changes" in out


def test_a_comment_that_fits_has_no_note() -> None:
    assert "not shown" not in report.markdown(many(10), "main", "specs")


def test_nothing_changed_is_said_in_every_form() -> None:
    assert "promise the same" in report.text([], "main", "specs")
    assert "promise the same" in report.markdown([], "main", "specs")
    assert json.loads(report.as_json([], "main", "specs"))["counts"] == {
        "removed": 0, "launch": 0, "docs": 0}


def test_a_revision_that_holds_markup_is_shown_literally() -> None:
    out = report.markdown([], "a`b|<i>", "specs", ["<b> & @team"])
    assert "``a`b|<i>``" in out
    assert "\\<b\\> \\& &#64;team" in out
