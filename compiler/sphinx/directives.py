"""What hand-written pages can use: `.. launch-command::` and the role `:family:`.

Both are checked against the manifest when a page is read, so that a guide never shows a command
that `runtime launch` refuses, or a family that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from compiler.sphinx import elements
from compiler.sphinx.choices import Choice, SpecChoices, choices
from compiler.sphinx.family_pages import command
from compiler.sphinx.records import ID_PARTS, Site, family_label, site
from compiler.sphinx.spec_table import badge_node
from compiler.sphinx.uses import note_family
from runtime.command import shell_line
from runtime.manifest import Family

logger = logging.getLogger(__name__)


class LaunchCommand(SphinxDirective):
    """Shows the command that launches a combination, given by its id or by a family and options."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "engine": directives.unchanged_required, "size": directives.unchanged_required,
        "format": directives.unchanged_required, "variant": directives.unchanged_required,
        "quantization": directives.unchanged_required, "hub": directives.unchanged_required,
        "badge": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Find the combination and write its command."""
        known = site(self.env)
        if known is None:  # which has been said
            return []
        name, wanted = self._wanted()
        family = known.families.get(name.casefold())
        if family is None:
            raise self.error(unknown_family(known, name))
        note_family(self.env, self.env.current_document.docname, family.name)
        choice = self._find(choices(known, family), wanted)
        made: list[nodes.Node] = [elements.code(self._line(choice))]
        self.set_source_info(made[0])
        if "badge" in self.options:
            made.append(elements.paragraph(badge_node(choice.badge)))
        return made

    def _wanted(self) -> tuple[str, dict[str, str]]:
        """The family's name, and what is asked of the combination."""
        wanted = {key: str(value).strip() for key, value in self.options.items()
                  if key in ("engine", "size", "format", "variant", "quantization")}
        parts = self.arguments[0].strip().split("/")
        if len(parts) == ID_PARTS:
            size, _, variant = parts[1].partition("~")
            wanted = {"size": size, "format": parts[2], "quantization": parts[3],
                      "engine": parts[4]} | ({"variant": variant} if variant else {}) | wanted
        elif len(parts) > 1:
            raise self.error(f"{self.arguments[0]!r} is neither a family nor the id of a "
                             "combination, such as seed-oss/36/ggufv2/Q4_K_M/llama.cpp")
        if "size" in wanted:
            wanted["size"] = wanted["size"].replace(".", "_")
        return parts[0], wanted

    def _find(self, found: list[SpecChoices], wanted: dict[str, str]) -> Choice:
        fitting = [choice for each in found for choice in _in_order(each)
                   if _fits(choice, wanted)]
        hub = self.options.get("hub", "").strip().casefold()
        if hub:
            fitting = [choice for choice in fitting if any(
                each.hub == hub and choice.combination.quantization in each.quantizations
                for each in choice.combination.spec.hubs)]
        possible = next((choice for choice in fitting if choice.possible), None)
        if possible is not None:
            return possible
        asked = ", ".join(f"{key} {value}" for key, value in wanted.items())
        if fitting:
            raise self.error(f"{fitting[0].combination.id} cannot be launched: "
                             f"{fitting[0].reason}")
        raise self.error(f"{self.arguments[0]} has nothing with {asked or 'that'}"
                         + (f" on {hub}" if hub else ""))

    def _line(self, choice: Choice) -> str:
        program = self.env.config.modelbook_program.split()
        line = command(choice, program)
        hub = self.options.get("hub", "").strip().casefold()
        return f"{line} {shell_line(['--hub', hub])}" if hub else line


def _in_order(each: SpecChoices) -> Iterator[Choice]:
    """The choices of a spec, those of its usual quantization first."""
    usual = each.usual
    for item in ([usual] if usual else []) + each.quantizations:
        yield from item.choices.values()


def _fits(choice: Choice, wanted: dict[str, str]) -> bool:
    combination = choice.combination
    has = {"engine": combination.engine.name, "size": combination.spec.size_in_billions,
           "format": combination.spec.format, "variant": combination.spec.variant or "",
           "quantization": combination.quantization}
    return all(has[key].casefold() == value.casefold() for key, value in wanted.items())


def unknown_family(known: Site, name: str) -> str:
    """That there is no such family, with the nearest name."""
    near = get_close_matches(name.casefold(), known.families, n=1)
    hint = f"; did you mean {known.families[near[0]].name}?" if near else ""
    return f"there is no model family {name!r}{hint}"


class FamilyRole(ReferenceRole):
    """Links to a family's page: ``:family:`seed-oss``` or ``:family:`a title <seed-oss>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the cross-reference; an unknown name stays text, with a warning."""
        known = site(self.env)
        family: Family | None = known.families.get(self.target.casefold()) if known else None
        if family is None:
            if known is not None:
                logger.warning("%s", unknown_family(known, self.target),
                               location=self.get_location(), type="modelbook", subtype="family")
            return [nodes.literal("", self.title)], []
        docname = self.env.current_document.docname
        note_family(self.env, docname, family.name)
        title = self.title if self.has_explicit_title else family.name
        return [elements.family_link(family_label(family), title, docname)], []


def setup(app: Sphinx) -> None:
    """Register the directive and the role."""
    app.add_directive("launch-command", LaunchCommand)
    app.add_role("family", FamilyRole())
