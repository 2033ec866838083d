"""Changes as text, Markdown for a pull-request comment, and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from compiler.diff.change import Change, Grade, Value, code_span, escape

__all__ = ["MARKDOWN_LIMIT", "as_json", "escape", "failure", "markdown", "summary", "text"]

#: A comment on GitHub may hold 65,536 characters; some room is left for what is around it.
MARKDOWN_LIMIT = 60_000

_TITLES = {
    Grade.REMOVED: "Removed: an id is gone without due notice",
    Grade.LAUNCH: "Launch: what is run, fetched or needed changes",
    Grade.DOCS: "Docs: additions and texts; no existing launch changes",
}
_NOTHING = "The two catalogues promise the same."


def text(changes: Sequence[Change], old: str, new: str, notes: Sequence[str] = ()) -> str:
    """For a terminal."""
    lines = [f"from {old}", f"to   {new}", *(f"note: {note}" for note in notes)]
    for grade in sorted(Grade, reverse=True):
        group = [change for change in changes if change.grade is grade]
        if group:
            lines += ["", f"{grade.name} ({len(group)})"]
            lines += [f"  {change.explain('text')}" for change in group]
    return "\n".join([*lines, "", summary(changes)]) + "\n"


def summary(changes: Sequence[Change]) -> str:
    """One line with the count of each grade."""
    if not changes:
        return _NOTHING
    counts = Counter(change.grade for change in changes)
    total = len(changes)
    parts = ", ".join(f"{counts[grade]} {grade.name}"
                      for grade in sorted(Grade, reverse=True) if counts[grade])
    return f"{total} change{'' if total == 1 else 's'}: {parts}"


def markdown(changes: Sequence[Change], old: str, new: str, notes: Sequence[str] = (), *,
             limit: int = MARKDOWN_LIMIT) -> str:
    """For a comment; the gravest changes come first, so that what is cut off is the least grave."""
    lines = ["## What this changes in the catalogue", "",
             f"{escape(summary(changes))} · {code_span(old)} → {code_span(new)}"]
    lines += [line for note in notes for line in ("", f"> {escape(note)}")]
    # Bytes rather than characters: never more than the limit, whichever of them a host counts.
    room = limit - sum(len(line.encode()) + 1 for line in lines) - 200
    for grade in sorted(Grade, reverse=True):
        group = [change for change in changes if change.grade is grade]
        if not group:
            continue
        body, shown = _group(grade, group, room)
        lines += body
        room -= sum(len(line.encode()) + 1 for line in body)
        if shown < len(group):
            left = sum(1 for change in changes if change.grade <= grade) - shown
            lines += ["", f"*{left} more change{'' if left == 1 else 's'} not shown here; "
                      "`compiler diff` lists all.*"]
            break
    return "\n".join(lines) + "\n"


def _group(grade: Grade, group: Sequence[Change], room: int) -> tuple[list[str], int]:
    """The lines of one grade, as far as they fit, and how many changes they tell."""
    lines = ["", f"### {_TITLES[grade]} ({len(group)})", ""]
    size = sum(len(line.encode()) + 1 for line in lines)
    shown = 0
    for change in group:
        line = f"- {change.explain('markdown')}"
        size += len(line.encode()) + 1
        if size > room:
            break
        lines.append(line)
        shown += 1
    return lines, shown


def as_json(changes: Sequence[Change], old: str, new: str, notes: Sequence[str] = ()) -> str:
    """For programs."""
    counts: dict[str, Value] = {
        grade.label: sum(change.grade is grade for change in changes)
        for grade in sorted(Grade, reverse=True)}
    body = {"old": old, "new": new, "notes": list(notes), "counts": counts,
            "changes": [change.as_dict() for change in changes]}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def failure(message: str) -> str:
    """The JSON where nothing could be compared."""
    return json.dumps({"error": {"code": "cannot-compare", "message": message}},
                      ensure_ascii=False)
