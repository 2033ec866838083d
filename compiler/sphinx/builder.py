"""The command builder's data: everything that its script shows, in the language of the site.

The script (`static/modelbook-launch.js`) holds no text and decides nothing about engines: what is
possible, and why something is not, comes from here, and the command is put together as
`runtime.command` does it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.emit import hubs as hub_pages
from compiler.sphinx.choices import Quantization, SpecChoices
from compiler.sphinx.records import Site
from compiler.sphinx.spec_table import basis
from compiler.sphinx.translation import _
from compiler.sphinx.words import English, sentences
from runtime.command import OPTIONS
from runtime.hubs import available
from runtime.manifest import Family, Hub
from runtime.memory import Estimate, human

#: What makes a builder of the data, on pages that have one.
SCRIPT = "modelbook-launch.js"
#: Stands for the quantization while an address is made; no hub's ids hold it.
_PLACE = "quantization000place"


class Strings:
    """Texts that are told by their number, each sent once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        #: Numbers of those that are English on a site in another language.
        self.english: set[int] = set()

    def number(self, text: str) -> int:
        """The number of a text; -1 for none."""
        return self.numbers.setdefault(text, len(self.numbers)) if text else -1

    def reason(self, text: str, code: str = "") -> int:
        """The number of a reason, with the code of the rule that gives it."""
        number = self.number(text.rstrip(".。") + (_(" (%s)") % code if code else ""))
        if isinstance(text, English):
            self.english.add(number)
        return number


def markup(known: Site, family: Family, made: Sequence[SpecChoices], program: Sequence[str],
           anchors: Mapping[int, str]) -> str:
    """The place of the builder, and its data."""
    data = payload(known, family, made, program, anchors)
    return (f'<div class="mb-builder" hidden></div>\n'
            f'<script type="application/json" class="mb-builder-data">{embed(data)}</script>\n')


def embed(data: object) -> str:
    """JSON for the inside of a script element: no text in it can end or comment out the element."""
    text = json.dumps(data, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def payload(known: Site, family: Family, made: Sequence[SpecChoices], program: Sequence[str],
            anchors: Mapping[int, str]) -> dict[str, Any]:
    """All that the script is told of a family."""
    texts = Strings()
    engines = [engine.name for engine in known.manifest.engines]
    hubs = list(dict.fromkeys(hub.hub for each in made for hub in each.spec.hubs))
    reasons = {deprecated.reason: known.language.of_family(family.slug, deprecated.reason)
               or deprecated.reason for each in made
               for deprecated in each.spec.deprecated_quantizations.values()}
    specs = [_spec(each, engines, hubs, texts, anchors, reasons) for each in made]
    return {
        "program": list(program), "options": list(OPTIONS), "name": family.name,
        # Further options are those of Modelbook's own program.
        "more": list(program) == ["runtime", "launch"],
        "context": family.context_length,
        "engines": [[engine.name, [provider.name for provider in engine.providers]]
                    for engine in known.manifest.engines],
        "hubs": [[hub, hub_pages.title(hub), "" if available(hub) else
                  _("Modelbook cannot download from %s.") % hub_pages.title(hub)] for hub in hubs],
        "specs": specs, "texts": list(texts.numbers), "english": sorted(texts.english),
        "words": _words(),
    }


def _spec(each: SpecChoices, engines: Sequence[str], hubs: Sequence[str], texts: Strings,
          anchors: Mapping[int, str], reasons: Mapping[str, str]) -> dict[str, Any]:
    spec = each.spec
    return {
        "size": spec.size_in_billions, "format": spec.format, "variant": spec.variant or "",
        "anchor": anchors.get(id(spec), ""), "remote": spec.trust_remote_code,
        "order": [engines.index(name) for name in dict.fromkeys(each.order)],
        "usual": each.quantizations.index(each.usual) if each.usual else -1,
        "hubs": [[hubs.index(hub.hub), *_address(hub)] for hub in spec.hubs],
        "quantizations": [_quantization(each, item, engines, hubs, texts, reasons)
                          for item in each.quantizations],
    }


def _address(hub: Hub) -> list[str]:
    """The parts of a repository's address, around the places of the quantization."""
    address = hub_pages.address(hub.hub, hub.repo_id.replace("{quantization}", _PLACE),
                                hub.revision)
    return address.split(_PLACE) if address else []


def _quantization(each: SpecChoices, item: Quantization, engines: Sequence[str],
                  hubs: Sequence[str], texts: Strings, reasons: Mapping[str, str]) -> list[Any]:
    """Name, what is to be said of it, hubs.

    Then for each engine why not, its badge, the memory that it takes there and what that stands on,
    and why some providers do not load it.
    """
    deprecation = each.spec.deprecated_quantizations.get(item.name)
    told = _("Deprecated since %(date)s: %(reason)s") % {
        "date": deprecation.since, "reason": reasons[deprecation.reason]} if deprecation else ""
    on_engines = []
    for engine in engines:
        choice = item.choices[engine]
        on_engines.append([
            texts.reason(choice.reason, choice.code),
            texts.number(choice.badge.kind), texts.number(choice.badge.text),
            *(texts.number(text) for text in _memory(choice.estimate)),
            *([{name: texts.reason(reason) for name, reason in choice.providers.items()}]
              if choice.providers else [])])
    return [item.name, texts.number(told),
            [hubs.index(hub.hub) for hub in item.hubs], on_engines]


def _memory(estimate: Estimate | None) -> tuple[str, str]:
    """An amount of memory, and a sentence about it; empty where nothing is known."""
    if estimate is None or estimate.total is None:
        return "", ""
    memory = human(estimate.total)
    said = _("%(memory)s of memory, %(disk)s on disk.") % {
        "memory": memory, "disk": human(estimate.disk or 0)}
    return memory, sentences(said, basis(estimate))


def _words() -> dict[str, str]:
    """The words of the builder's frame; `%s` stands for what the script fills in."""
    return {key: str(value) for key, value in {
        "size": _("Size (billions of parameters)"), "format": _("Format"),
        "variant": _("Variant"), "quantization": _("Quantization"), "engine": _("Engine"),
        "others": _("Not available for this choice (%s): "), "comma": _(", "),
        "hub": _("Hub"), "any": _("automatic"), "none": _("(none)"),
        "more": _("More options"), "provider": _("Provider"),
        "context": _("Context length (tokens)"), "port": _("Port"),
        "detach": _("Leave it running in the background"),
        "command": _("Command"), "copy": _("Copy the command"), "copied": _("Copied"),
        "link": _("Copy a link to this choice"), "open": _("Look at it on %s"),
        "switch": _("Choose %s"), "size_only": _("not at this size"),
        "nothing": _("Modelbook cannot launch it."), "elsewhere": _("It is not on %s."),
        "trust": _("I have read the Python code in the repository and let it run on my machine. "
                   "It could do anything that I can do there."),
        "untrusted": _("Loading this model runs Python code from its repository. Allow it above "
                       "to get the command."),
        "use": _("Build the command"),
    }.items()}
