"""The verification records behind a spec's badges, for people."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

from compiler.sphinx import elements
from compiler.sphinx.choices import Choice, SpecChoices, level
from compiler.sphinx.spec_table import badge_node
from compiler.sphinx.translation import _
from runtime.records import Record

#: So much of a commit tells it apart for readers.
_COMMIT = 12


def fold(each: SpecChoices) -> list[nodes.Node]:
    """The records of a spec's combinations, folded; nothing where none was tried or refuted."""
    items = [item for quantization in each.quantizations
             for choice in quantization.choices.values() for item in _items(choice)]
    if not items:
        return []
    made = elements.Fold(summary=_("What was verified"), classes=["mb-records"])
    made += nodes.definition_list("", *items)
    return [made]


def _items(choice: Choice) -> Iterator[nodes.definition_list_item]:
    """One item for a combination that was tried, or that is claimed and refuted."""
    tried = choice.tried
    if tried is None and choice.badge.kind != "refuted":
        return
    lines = [nodes.list_item("", elements.paragraph(line))
             for line in (_lines(choice) if tried is None else
                          [*map(record_line, tried.records), *_lines(choice)])]
    term = nodes.term("", "", nodes.literal("", choice.combination.id), nodes.Text(" "),
                      badge_node(choice.badge))
    yield nodes.definition_list_item(
        "", term, nodes.definition("", nodes.bullet_list("", *lines, bullet="-")))


def _lines(choice: Choice) -> Iterator[str]:
    """What is known besides the records that count."""
    if choice.badge.kind == "refuted":
        yield f"{choice.code} {choice.reason}".strip()
    if choice.tried and choice.tried.stale:
        yield _("%d earlier records no longer count: what they stand on has changed since."
                ) % choice.tried.stale


def record_line(record: Record) -> str:
    """One record in a line: outcome, engine, weights, machine, date, who, and what was seen."""
    return "; ".join(filter(None, _parts(record)))


def _parts(record: Record) -> Iterator[str]:
    words = {"passed": _("passed"), "failed": _("failed"), "skipped": _("skipped"),
             "environment": _("not decided for the machine's sake")}
    outcome = str(words.get(record.outcome, record.outcome))
    reached = f" ({level(record.level)})" if record.level else ""
    yield f"{record.date[:10]}: {outcome}{reached}"
    engine = record.engine
    version = " ".join(filter(None, (engine.provider, engine.version)))
    yield f"{engine.name} ({version})" if version else engine.name
    yield _weights(record)
    yield _machine(record)
    who = {"maintainer": _("tried by a maintainer"), "ci": _("tried by continuous integration"),
           "contributor": _("tried by a contributor")}
    yield str(who.get(record.who, record.who))
    if record.reason:
        yield record.reason
    if record.evidence and record.evidence.question and record.evidence.answer:
        yield _("asked “%(question)s”, it answered “%(answer)s”") % {
            "question": record.evidence.question, "answer": record.evidence.answer}


def _weights(record: Record) -> str:
    if record.weights != "real":
        near = record.twin.approximation if record.twin else ""
        return _("a tiny twin, not the real weights") + (f" ({near})" if near else "")
    source = record.source
    if source is None or not source.repo_id:
        return str(_("real weights"))
    at = f" @ {source.commit[:_COMMIT]}" if source.commit else ""
    return f"{_('real weights')}: {source.repo_id}{at}"


def _machine(record: Record) -> str:
    """The kind of machine, as far as the record tells it."""
    machine = record.machine
    known = [str(machine[key]) for key in ("system", "processor", "cpu") if machine.get(key)]
    accelerators = machine.get("accelerators")
    if isinstance(accelerators, list) and accelerators:
        known.append("+".join(map(str, accelerators)))
    return ", ".join(known)
