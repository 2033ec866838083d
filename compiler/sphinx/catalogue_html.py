"""The table of all families as HTML: a form that a script brings to life, and a plain table.

Every value is escaped. The script finds what it filters by in `data-` attributes and makes no
request; labels that it needs come from here too, so that all words are translated in one place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from sphinx.builders.html import StandaloneHTMLBuilder

from compiler.emit.pages import short
from compiler.sphinx import words
from compiler.sphinx.catalogue_rows import Packer, Row
from compiler.sphinx.translation import _
from runtime.memory import USUAL_CONTEXT, human

_MEGABYTE = 1_000_000
#: Choices of the form; a context of 128 Ki tokens is what people call 128K.
_CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576)
_GIGABYTES = (4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256, 512)


class Links:
    """Finds the addresses of families and their specs, seen from one page."""

    def __init__(self, builder: StandaloneHTMLBuilder, docname: str) -> None:
        self.builder, self.docname = builder, docname
        domain = builder.env.domains.standard_domain
        self.labels = domain.anonlabels

    def page(self, label: str) -> str | None:
        """The address of the page that holds a label; None where this site has none."""
        found = self.labels.get(label)
        return self.builder.get_relative_uri(self.docname, found[0]) if found else None


def from_memory(amount: str) -> str:
    """The least memory that a family takes, in words."""
    return str(_("from %s")) % amount


def catalogue(shown: Sequence[Row], links: Links, *, number: int, filters: bool) -> str:
    """The whole of it.

    Args:
        shown: The families.
        links: Where their pages are.
        number: Of the table on its page, from 1; it keeps ids and addresses apart.
        filters: Whether there is a form.
    """
    packer = Packer()
    body = "".join(_row(row, links, packer) for row in shown)
    data = _attributes({
        "data-shared": _json(packer.shared()), "data-number": str(number),
        "data-count": _("%(shown)s of %(total)s models"),
        "data-about": _("about %s, an estimate"), "data-fits": _("Fits: %s"),
        "data-sort": _("Sort by %s"), "data-billion": _("%s B"),
        "data-active": _("%s set")})
    # The roles say again what the elements are: cards on a phone take it away from them.
    return (f'<div class="mb-catalogue"{data}>\n'
            + (_form(shown, f"mb-catalogue-{number}") if filters else "")
            + '<table class="mb-catalogue-table" role="table">\n'
            + f'<caption>{_e(_note())}</caption>\n'
            + f'<thead role="rowgroup"><tr role="row">{_head()}</tr></thead>\n'
            + f'<tbody role="rowgroup">\n{body}</tbody>\n</table>\n'
            + '<p class="mb-none" hidden>'
            + _e(_("No model is like that. Take a filter away.")) + "</p>"
            + '\n</div>\n')


def _note() -> str:
    words = str(_("Memory is an estimate, with %s tokens of context, or a reserve for them where a "
                  "family is not locked; sizes are billions of parameters."))
    return words % f"{USUAL_CONTEXT:,}"


def _head() -> str:
    columns = (("name", _("Model")), ("", _("Abilities")), ("size", _("Sizes")),
               ("context", _("Context")), ("memory", _("Memory")), ("", _("Formats")),
               ("", _("Engines")))
    return "".join(f'<th scope="col" role="columnheader"'
                   f'{_attributes({"data-key": key}) if key else ""}>{_e(label)}</th>'
                   for key, label in columns)


def _row(row: Row, links: Links, packer: Packer) -> str:
    family, least = row.family, row.least_memory
    page = links.page(row.label)
    name = f'<a href="{_e(page)}">{_e(family.name)}</a>' if page else _e(family.name)
    if family.deprecated:
        name += ' <span class="mb-deprecated">' + _e(_("deprecated")) + "</span>"
    told = words.description(links.builder.env, family)
    description = short(told)
    foreign = ' lang="en"' if isinstance(told, words.English) else ""
    variants = [spec.variant for spec in row.specs]
    data = _attributes({
        "data-specs": _json(packer.row(row)),
        "data-variants": _json(variants) if any(variants) else "",
        "data-languages": " ".join(family.languages), "data-abilities": " ".join(family.abilities),
        "data-context": str(family.context_length),
        "data-text": " ".join([*([told] if description != told else []), *family.architectures])})
    memory = "" if least is None else from_memory(human(least * _MEGABYTE))
    sizes = ", ".join(_plain(size) for size in row.sizes)
    cells = ((_("Abilities"), _tags([words.ability(name) for name in family.abilities])),
             (_("Sizes"), _e(sizes)), (_("Context"), _e(f"{family.context_length:,}")),
             (_("Memory"), f'<span class="mb-least">{_e(memory)}</span>'),
             (_("Formats"), _names(row.formats)), (_("Engines"), _names(row.engines)))
    return (f'<tr role="row"{data}><th scope="row" role="rowheader">{name}'
            f'<p class="mb-description"{foreign}>{_e(description)}</p></th>'
            + "".join(f'<td role="cell"{_attributes({"data-label": label})}>{cell}</td>'
                      for label, cell in cells) + "</tr>\n")


def _form(shown: Sequence[Row], name: str) -> str:
    """The filters; hidden until the script shows them."""
    def values(of: Callable[[Row], Iterable[str]]) -> list[str]:
        return sorted({value for row in shown for value in of(row)}, key=str.casefold)

    languages = sorted(((words.language(code), code) for code in values(
        lambda row: row.family.languages)), key=lambda pair: pair[0].casefold())
    abilities = [(words.ability(value), value) for value in values(
        lambda row: row.family.abilities)]
    most = max((row.family.context_length for row in shown), default=0)
    contexts = [(f"{tokens // 1024:,}K", str(tokens)) for tokens in _CONTEXTS if tokens <= most]
    orders = [(_("Name"), "name"), (_("Name, Z to A"), "-name"),
              (_("Smallest model first"), "size"), (_("Largest model first"), "-size"),
              (_("Longest context first"), "-context"), (_("Shortest context first"), "context"),
              (_("Least memory first"), "memory"), (_("Most memory first"), "-memory")]
    label = _attributes({"aria-label": _("Filter the models")})
    return (f'<form class="mb-filters" role="search" hidden{label}>\n'
            + _field(name, "q", _("Search"), _input(
                name, "q", type="search", autocomplete="off", spellcheck="false",
                placeholder=_("Name or description")), "mb-search")
            + '<details class="mb-more" open><summary>'
            + _e(_("Filters")) + ' <span class="mb-active"></span></summary>\n'
            + '<div class="mb-fields">\n'
            + _checkboxes(name, "ability", _("Abilities"), abilities)
            + _field(name, "memory", _("Fits in memory (GB, estimate)"), _input(
                name, "memory", type="number", min="0", step="any", inputmode="decimal",
                list=f"{name}-gigabytes") + f'<datalist id="{_e(name)}-gigabytes">'
                + "".join(f'<option value="{each}"></option>' for each in _GIGABYTES)
                + "</datalist>")
            + _select(name, "engine", _("Engine"), [(v, v) for v in values(lambda r: r.engines)])
            + _select(name, "format", _("Format"), [(v, v) for v in values(lambda r: r.formats)])
            + _select(name, "language", _("Language"), languages)
            + _select(name, "context", _("Context of at least"), contexts)
            + _field(name, "least", _("Billions of parameters, from"), _input(
                name, "least", type="number", min="0", step="any", inputmode="decimal"))
            + _field(name, "most", _("Billions of parameters, to"), _input(
                name, "most", type="number", min="0", step="any", inputmode="decimal"))
            + _select(name, "sort", _("Order"), orders, everything=False)
            + '<button type="reset" class="mb-reset">' + _e(_("Clear all")) + "</button>\n"
            + '</div></details>\n<p class="mb-count" role="status"></p>\n</form>\n')


def _field(name: str, key: str, label: object, control: str, kind: str = "") -> str:
    return (f'<div class="mb-field {kind}"><label for="{_e(name)}-{key}">{_e(label)}</label>'
            f'{control}</div>\n')


def _input(name: str, key: str, **attributes: object) -> str:
    return f'<input id="{_e(name)}-{key}" name="{key}"{_attributes(attributes)}>'


def _select(name: str, key: str, label: object, choices: Iterable[tuple[object, str]], *,
            everything: bool = True) -> str:
    options = '<option value="">' + _e(_("Any")) + "</option>" if everything else ""
    options += "".join(f'<option value="{_e(value)}">{_e(text)}</option>'
                       for text, value in choices)
    return _field(name, key, label,
                  f'<select id="{_e(name)}-{key}" name="{key}">{options}</select>')


def _checkboxes(name: str, key: str, label: object, choices: Iterable[tuple[str, str]]) -> str:
    boxes = "".join(
        f'<label class="mb-check"><input type="checkbox" name="{key}" value="{_e(value)}"> '
        f'<span>{_e(text)}</span></label>' for text, value in choices)
    return f'<fieldset class="mb-field mb-wide"><legend>{_e(label)}</legend>{boxes}</fieldset>\n'


def _tags(names: Iterable[str]) -> str:
    tags = " ".join(f'<span class="mb-tag">{_e(name)}</span>' for name in names)
    return f'<span class="mb-tags">{tags}</span>'


def _names(names: Sequence[str]) -> str:
    """Names in a row; a line ends between them, not inside one."""
    each = [*(f"{name}," for name in names[:-1]), *names[-1:]]
    spans = " ".join(f'<span class="mb-name">{_e(name)}</span>' for name in each)
    return f"<span>{spans}</span>"  # one item where the cell of a card is a grid


def _plain(size: Decimal) -> str:
    return format(size, "f")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _attributes(values: dict[str, object]) -> str:
    return "".join(f' {name}="{_e(value)}"' for name, value in values.items() if value != "")


def _e(value: object) -> str:
    return escape(str(value), quote=True)
