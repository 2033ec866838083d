"""The verification records behind a spec's badges, for people."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

from compiler.emit.language import ENGLISH, Language
from compiler.sphinx import elements, words
from compiler.sphinx.choices import Choice, SpecChoices, level
from compiler.sphinx.spec_table import badge_node
from compiler.sphinx.translation import _
from runtime.records import Record

#: So much of a commit tells it apart for readers.
_COMMIT = 12
#: Texts and elements in a row.
_Line = list[str | nodes.Node]


def fold(each: SpecChoices, language: Language) -> list[nodes.Node]:
    """The records of a spec's combinations, folded; nothing where none was tried or refuted."""
    items = [item for quantization in each.quantizations
             for choice in quantization.choices.values() for item in _items(choice, language)]
    if not items:
        return []
    made = elements.Fold(summary=_("What was verified"), classes=["mb-records"])
    made += nodes.definition_list("", *items)
    return [made]


def _items(choice: Choice, language: Language) -> Iterator[nodes.definition_list_item]:
    """One item for a combination that was tried, or that is claimed and refuted."""
    tried = choice.tried
    if tried is None and choice.badge.kind != "refuted":
        return
    said = [*(record_line(record, language) for record in (tried.records if tried else ())),
            *_lines(choice)]
    lines = [nodes.list_item("", elements.paragraph(*line)) for line in said]
    term = nodes.term("", "", nodes.literal("", choice.combination.id), nodes.Text(" "),
                      badge_node(choice.badge))
    yield nodes.definition_list_item(
        "", term, nodes.definition("", nodes.bullet_list("", *lines, bullet="-")))


def _lines(choice: Choice) -> Iterator[_Line]:
    """What is known besides the records that count."""
    if choice.badge.kind == "refuted":
        yield [f"{choice.code} ".lstrip(), choice.reason]
    if choice.tried and choice.tried.stale:
        yield [_("%d earlier records no longer count: what they stand on has changed since."
                 ) % choice.tried.stale]


def record_line(record: Record, language: Language) -> _Line:
    """One record in a line: outcome, engine, weights, machine, date, who, and what was seen."""
    out: _Line = []
    for part in filter(None, _parts(record, language)):
        out += [str(_("; ")), part] if out else [part]
    return out + _evidence(record, language)


def _parts(record: Record, language: Language) -> Iterator[str]:
    known = {"passed": _("passed"), "failed": _("failed"), "skipped": _("skipped"),
             "environment": _("not decided for the machine's sake")}
    outcome = str(known.get(record.outcome, record.outcome))
    reached = _(" (%s)") % level(record.level) if record.level else ""
    yield _("%(date)s: %(outcome)s") % {"date": record.date[:10], "outcome": outcome + reached}
    engine = record.engine
    version = " ".join(filter(None, (engine.provider, engine.version)))
    yield engine.name + (_(" (%s)") % version if version else "")
    yield _weights(record, language)
    yield _machine(record)
    who = {"maintainer": _("tried by a maintainer"), "ci": _("tried by continuous integration"),
           "contributor": _("tried by a contributor")}
    yield str(who.get(record.who, record.who))
    if record.reason:
        yield words.reason(language, record.reason)


def _evidence(record: Record, language: Language) -> _Line:
    """What was asked and answered."""
    seen = record.evidence
    if not (seen and seen.question and seen.answer):
        return []
    said = _("; asked “%(question)s”, it answered “%(answer)s”")
    if language.name == ENGLISH:
        return [said % {"question": seen.question, "answer": seen.answer}]
    # The question is Modelbook's own, and English; what language the answer is in nobody knows.
    before, __, rest = str(said).partition("%(question)s")
    between, __, after = rest.partition("%(answer)s")
    return [before, words.English(seen.question), between,
            nodes.inline("", seen.answer, classes=["mb-answer"]), after]


def _weights(record: Record, language: Language) -> str:
    if record.weights != "real":
        near = words.reason(language, record.twin.approximation) if record.twin else ""
        return _("a tiny twin, not the real weights") + (_(" (%s)") % near if near else "")
    source = record.source
    if source is None or not source.repo_id:
        return str(_("real weights"))
    at = f" @ {source.commit[:_COMMIT]}" if source.commit else ""
    return _("real weights: %s") % f"{source.repo_id}{at}"


def _machine(record: Record) -> str:
    """The kind of machine, as far as the record tells it."""
    machine = record.machine
    known = [str(machine[key]) for key in ("system", "processor", "cpu") if machine.get(key)]
    accelerators = machine.get("accelerators")
    if isinstance(accelerators, list) and accelerators:
        known.append("+".join(map(str, accelerators)))
    if record.gpus:
        known.append(record.gpus)
    return ", ".join(known)
