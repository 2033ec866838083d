"""The table of a spec: what each quantization takes, and how far it was verified on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from docutils import nodes

from compiler.emit import hubs as hub_pages
from compiler.sphinx import elements
from compiler.sphinx.choices import Badge, Choice, Quantization, SpecChoices
from compiler.sphinx.translation import _
from compiler.sphinx.words import sentences
from runtime.manifest import Spec
from runtime.memory import Estimate, human

#: Width and height of a bar in the units of its own drawing; the style sheet decides the size.
_WIDTH, _HEIGHT = 100, 6


def spec_table(each: SpecChoices) -> list[nodes.Node]:
    """The table, and under it what its numbers stand on."""
    if not each.quantizations:
        return []
    most = max((item.estimate.total or 0 for item in each.quantizations if item.estimate),
               default=0)
    known = most > 0
    scattered = any(len(item.hubs) < len(each.spec.hubs) for item in each.quantizations)
    head = [_("Quantization"), *([_("Memory (estimate)")] if known else []), *each.engines,
            *([_("On disk")] if known else []), *([_("Hubs")] if scattered else [])]
    rows = []
    for item in each.quantizations:
        row: list[list[nodes.Node]] = [[_name(each.spec, item)]]
        row += [_memory(item.estimate, most)] if known else []
        row += [_verified(item.choices.get(engine)) for engine in each.engines]
        row += [_disk(item.estimate)] if known else []
        if scattered:
            row += [[elements.text(", ".join(hub_pages.title(hub.hub) for hub in item.hubs)
                                   or "–")]]
        rows.append(row)
    made: list[nodes.Node] = [elements.table(head, rows, classes=["mb-spec"])]
    if known:
        made.append(elements.paragraph(*_basis(each), classes=["mb-basis"]))
    return made


def query(spec: Spec, **more: str) -> str:
    """The part of an address that makes the builder show a spec."""
    choice = {"size": spec.size_in_billions, "format": spec.format}
    if spec.variant:
        choice["variant"] = spec.variant
    return urlencode(choice | more)


def _name(spec: Spec, item: Quantization) -> nodes.Node:
    if item.first is None:
        return elements.text(item.name)
    return elements.Preset("", item.name, query=query(spec, quantization=item.name))


def _memory(estimate: Estimate | None, most: int) -> list[nodes.Node]:
    total = estimate.total if estimate else None
    if estimate is None or total is None:
        return [elements.text("–")]
    return [elements.text(human(total), "mb-number"),
            elements.Markup(html=_bar(estimate.weights or 0, total, most))]


def _bar(weights: int, total: int, most: int) -> str:
    """A picture of the number beside it: the weights, and what comes on top, of the most."""
    ends = [f"{_WIDTH * value / most:.1f}" for value in (total, weights)]
    rest, solid = (f'<rect class="{name}" width="{end}" height="{_HEIGHT}" rx="1"/>'
                   for name, end in zip(("mb-rest", "mb-weights"), ends, strict=True))
    return (f'<svg class="mb-bar" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
            f'aria-hidden="true" focusable="false">{rest}{solid}</svg>')


def _disk(estimate: Estimate | None) -> list[nodes.Node]:
    if estimate is None or estimate.disk is None:
        return [elements.text("–")]
    size = human(estimate.disk)
    return [elements.text(size if estimate.from_lock else f"≈ {size}", "mb-number")]


def _verified(choice: Choice | None) -> list[nodes.Node]:
    return [elements.text("–")] if choice is None else [badge_node(choice.badge)]


def badge_node(badge: Badge) -> nodes.Node:
    """A badge on a page."""
    return elements.text(badge.text, "mb-badge", f"mb-{badge.kind}")


def _basis(each: SpecChoices) -> Iterator[str]:
    """What the estimates stand on, each way once."""
    said = dict.fromkeys(basis(item.estimate, item.engine) for item in each.quantizations
                         if item.estimate and item.estimate.total is not None)
    totals = [{choice.estimate.total for choice in item.choices.values() if choice.estimate}
              for item in each.quantizations]
    several = any(len(different) > 1 for different in totals)
    yield sentences(*said, _("The command above says what the others take.") if several else "")


def basis(estimate: Estimate, engine: str = "") -> str:
    """What an estimate stands on, and which engine it is for, in sentences."""
    if not estimate.from_lock:
        told = _("Estimated from size and quantization alone; a reserve stands for the context.")
    elif estimate.cache is None:
        told = _("Estimated from the locked file sizes; a reserve stands for the context.")
    else:
        told = _("Estimated from the locked files and configuration, with %d tokens of context."
                 ) % estimate.context_length
    draft = ""
    if estimate.draft != 0:
        draft = str(_("Its draft model is counted.") if estimate.draft else
                    _("Its draft model is not counted."))
    held = str(_("It holds for %s.") % engine) if engine else ""
    return sentences(str(told), draft, held)
