"""What each family's page gains: the command builder, badges, memory, and the lab's other families.

Pages are found by their label, so they may lie anywhere. The text that was generated stays; what
the extension knows better (commands to fill in, tables of memory and of where quantizations are)
takes the place of its plain form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from compiler.emit.language import Language
from compiler.sphinx import builder, elements, verified
from compiler.sphinx.choices import Choice, SpecChoices, choices, usual
from compiler.sphinx.records import Site, family_label, site
from compiler.sphinx.spec_table import spec_table
from compiler.sphinx.translation import _
from compiler.sphinx.uses import note_family
from runtime.command import launch_argv, shell_line
from runtime.manifest import Family

logger = logging.getLogger(__name__)

#: Before Sphinx collects the sections of a page, so that ours are among them.
_PRIORITY = 400


def enrich(app: Sphinx, document: nodes.document) -> None:
    """Add to a page that was read, if it is a family's."""
    env = app.env
    known = site(env)
    if known is None:
        return
    found = _family(known, document)
    if found is None:
        return
    family, page = found
    note_family(env, env.current_document.docname, family.name)
    made = choices(known, family)
    sections = _spec_sections(page, len(made))
    if len(sections) != len(made):
        logger.warning("the page of %s does not show the %d specs of the manifest; build it anew",
                       family.name, len(made), location=document, type="modelbook",
                       subtype="page")
        return
    program = tuple(env.config.modelbook_program.split())
    for section, each in zip(sections, made, strict=True):
        _spec_section(section, each, program, known.language)
    first = next((place for place, child in enumerate(page.children)
                  if isinstance(child, nodes.section)), len(page.children))
    anchors = {id(each.spec): section["ids"][0]
               for section, each in zip(sections, made, strict=True)}
    page[first:first] = list(_launch(known, family, made, program, anchors))
    page += _siblings(known, family, env.current_document.docname)


def _family(known: Site, document: nodes.document) -> tuple[Family, nodes.section] | None:
    """The family that a page is about, and the section that holds all of it."""
    page = next((child for child in document.children if isinstance(child, nodes.section)), None)
    if page is not None:
        for name in page["names"]:
            if name in known.by_label:
                return known.by_label[name], page
    return None


def _spec_sections(page: nodes.section, wanted: int) -> list[nodes.section]:
    for child in reversed(page.children):
        if isinstance(child, nodes.section):
            inner = [each for each in child.children if isinstance(each, nodes.section)]
            if len(inner) == wanted:
                return inner
    return []


def _spec_section(section: nodes.section, each: SpecChoices, program: tuple[str, ...],
                  language: Language) -> None:
    """Badges and memory in a table; the commands in a fold, which the builder closes."""
    facts = next((child for child in section.children
                  if isinstance(child, nodes.bullet_list)), None)
    at = section.index(facts) + 1 if facts is not None else 1
    plain = [child for child in section.children[at:] if not isinstance(child, nodes.target)]
    for child in plain:
        section.remove(child)
    kept = [child for child in plain if not _superseded(child, language)]
    if any(isinstance(child, nodes.literal_block) and "${" in child.astext() for child in kept):
        kept = list(_commands(each, program))
    if facts is not None and each.quantizations:
        memory = language.say("Disk and Memory (estimate):")
        facts.children = [item for item in facts if not item.astext().startswith(memory)]
    place = section.index(facts) + 1 if facts is not None else at
    fold: list[nodes.Node] = []
    if kept:
        made = elements.Fold(summary=_("Commands as text"), open=True, classes=["mb-plain"])
        made += kept
        fold = [made]
    section[place:place] = [*spec_table(each), *verified.fold(each, language), *fold]


def _superseded(child: nodes.Node, language: Language) -> bool:
    """Whether the table of the spec says all that a plain part says."""
    if isinstance(child, nodes.table):
        return True
    # What the table of memory stands on is said under ours; in the template's own words.
    before, __, after = language.say("Estimated {}.").partition("{}")
    text = child.astext() if isinstance(child, nodes.paragraph) else ""
    return bool(text) and text.startswith(before) and text.endswith(after)


def _commands(each: SpecChoices, program: tuple[str, ...]) -> Iterator[nodes.Node]:
    """A command to paste for each engine of a spec."""
    for engine in each.engines:
        possible = [item for item in each.quantizations
                    if engine in item.choices and item.choices[engine].possible]
        shown = each.usual if each.usual in possible else next(iter(possible), None)
        if shown is not None:
            yield elements.paragraph(_("Launch with %s:") % engine)
            yield elements.code(command(shown.choices[engine], program))


def command(choice: Choice, program: Sequence[str]) -> str:
    """The line that launches a combination."""
    combination = choice.combination
    return shell_line(launch_argv(
        engine=combination.engine.name, family=combination.family.name,
        size_in_billions=combination.spec.size_in_billions, variant=combination.spec.variant,
        model_format=combination.spec.format, quantization=combination.quantization,
        program=tuple(program)))


def _launch(known: Site, family: Family, made: Sequence[SpecChoices], program: tuple[str, ...],
            anchors: dict[int, str]) -> Iterator[nodes.Node]:
    """The section with the command builder; without a script it shows one command."""
    section = nodes.section(ids=["launch"], names=["launch"], classes=["mb-launch"])
    section += nodes.title("", _("Launch"))
    first = usual(made)
    if first is None:
        section += elements.paragraph(_("Nothing of it can be launched by Modelbook."))
    else:
        still = nodes.container(classes=["mb-still"])
        before, __, after = _("For example, %s:").partition("%s")
        still += elements.paragraph(before, nodes.literal("", first.combination.id), after)
        still += elements.code(command(first, program))
        still += elements.paragraph(
            _("Commands for every format and engine stand under Specifications."))
        section += still
        section += elements.Markup(
            html=builder.markup(known, family, made, program, anchors), script=builder.SCRIPT)
    yield section


def _siblings(known: Site, family: Family, docname: str) -> list[nodes.Node]:
    """Links to the other families of the same lab."""
    lab, others = known.siblings(family)
    if not others:
        return []
    made = nodes.container(classes=["mb-siblings"])
    made += nodes.rubric("", _("Other families by %s") % lab)
    row = nodes.paragraph()
    row += elements.commas(elements.family_link(family_label(each), each.name, docname)
                           for each in others)
    made += row
    return [made]


def setup(app: Sphinx) -> None:
    """Register the step."""
    app.connect("doctree-read", enrich, priority=_PRIORITY)
