"""Pages about engines: `.. model-engine::` for one, `.. engine-matrix::` for all of them.

With `modelbook_engine_pages` the extension writes a page for each engine of the manifest and one
that lists them, each nothing but a title and a directive.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlencode

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from compiler.emit import rst
from compiler.emit.write import write
from compiler.sphinx import elements, words
from compiler.sphinx.choices import Badge
from compiler.sphinx.records import Site, load, site
from compiler.sphinx.spec_table import badge_node
from compiler.sphinx.translation import _
from compiler.sphinx.uses import note_engines
from runtime.manifest import Engine, Provider, Refuses
from runtime.naming import slug

#: Outcome of `Tried`, or `untried` → kind of badge.
_BADGES = {"passed": "passed", "failed": "failed", "stale": "stale", "environment": "undecided",
           "skipped": "undecided", "untried": "untried"}
#: How a page that was written here begins.
_OURS = ".. _modelbook_engine"
_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
_COMPUTES = {"cpu": "CPU", "cuda": "CUDA", "rocm": "ROCm", "metal": "Metal", "vulkan": "Vulkan"}


class EngineMatrix(SphinxDirective):
    """Shows, for each engine and format, how many combinations passed, failed or were not tried."""

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        known = site(self.env)
        if known is None:
            return []
        docname = self.env.current_document.docname
        note_engines(self.env, docname)
        formats = [name for name in known.formats
                   if any(_loads(engine, name) for engine in known.manifest.engines)]
        linked = bool(self.env.config.modelbook_engine_pages)
        catalogue = _catalogue(self.env)
        rows = [[[engine_link(engine, docname) if linked else elements.text(engine.title)],
                 *(_cell(known, engine, name, catalogue) for name in formats)]
                for engine in known.manifest.engines]
        return [elements.table([_("Engine"), *formats], rows, classes=["mb-matrix"]),
                elements.paragraph(*_legend(known), classes=["mb-legend"])]


class ModelEngine(SphinxDirective):
    """Shows what is known of one engine: what it loads, on what platforms, how to have it."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Write the engine's facts."""
        known = site(self.env)
        if known is None:
            return []
        name = self.arguments[0].strip()
        engine = known.engines.get(name.casefold())
        if engine is None:
            near = get_close_matches(name.casefold(), known.engines, n=1)
            hint = f"; did you mean {known.engines[near[0]].name}?" if near else ""
            raise self.error(f"there is no engine {name!r}{hint}")
        note_engines(self.env, self.env.current_document.docname)
        return list(_page(known, engine, _catalogue(self.env)))


def _catalogue(env: BuildEnvironment) -> str:
    """The page with the table of all families; empty where there is none."""
    page = posixpath.join(posixpath.dirname(env.config.modelbook_manifest), "models/llm/index")
    return page if page in env.found_docs else ""


def _page(known: Site, engine: Engine, catalogue: str) -> Iterator[nodes.Node]:
    yield elements.paragraph(words.of_engine(known.language, engine.description), " ",
                             elements.link(engine.homepage, engine.homepage))
    if not engine.launchable:
        yield elements.paragraph(_("Modelbook does not start it; what is known of it judges what "
                                   "specs claim."))
    yield _section(engine, "loads", _("What it loads"), _loads_table(known, engine, catalogue))
    if engine.refuses:
        yield _section(engine, "refuses", _("What it does not load"), nodes.bullet_list(
            "", *(nodes.list_item("", _refusal(known, engine, each)) for each in engine.refuses),
            bullet="-"))
    install = [elements.code(f"runtime engines install {engine.name}")] if (
        engine.launchable and any(each.requirements for each in engine.providers)) else []
    providers = nodes.definition_list(
        "", *(_provider(known, each) for each in engine.providers))
    yield _section(engine, "providers", _("How to have it"), *install, providers)
    if engine.architectures:
        yield _section(engine, "architectures", _("Architectures that it has"),
                       _architectures(engine.architectures))


def _loads_table(known: Site, engine: Engine, catalogue: str) -> nodes.table:
    """Formats and versions; what is said of no format has no column."""
    rules = engine.loads
    columns: list[tuple[str, list[list[nodes.Node]]]] = [
        (_("Format"), [[nodes.literal("", rule.format)] for rule in rules]),
        (_("Quantizations"), [_names(rule.quantizations, _("all")) for rule in rules]),
        (_("Verified"), [_cell(known, engine, rule.format, catalogue) for rule in rules])]
    if any(rule.since for rule in rules):
        columns.append((_("Since version"), [[nodes.Text(rule.since or "–")] for rule in rules]))
    if any(rule.until for rule in rules):
        columns.append((_("Until version"), [[nodes.Text(rule.until or "–")] for rule in rules]))
    if any(rule.requires for rule in rules):
        columns.append((_("Needs as well"), [_names(rule.requires) for rule in rules]))
    return elements.table([head for head, _cells in columns],
                          zip(*(cells for _head, cells in columns), strict=True))


def _section(engine: Engine, part: str, title: str, *content: nodes.Node) -> nodes.section:
    name = nodes.make_id(f"{page_name(engine)}-{part}")
    return nodes.section("", nodes.title("", title), *content, ids=[name], names=[name])


def _refusal(known: Site, engine: Engine, refuses: Refuses) -> nodes.Node:
    named = elements.commas(nodes.literal("", each) for each in refuses.quantizations)
    some = 0 < len(refuses.providers) < len(engine.providers)
    limits = [_("with %s") % ", ".join(refuses.providers)] if some else []
    limits += [_("without %s") % flag for flag in refuses.without_cpu_flags]
    limits += [_("in several files")] if refuses.split_files else []
    inside = _(" (%s)") % ", ".join(limits) if limits else ""
    reason = words.of_engine(known.language, refuses.reason)
    since = _("Seen since version %s.") % refuses.since if refuses.since else ""
    until = _("Until version %s.") % refuses.until if refuses.until else ""
    after = words.sentences(reason, since, until).removeprefix(reason)
    return elements.paragraph(nodes.literal("", refuses.format), *([" "] if named else []), *named,
                              inside + _(": "), reason, after)


def _provider(known: Site, provider: Provider) -> nodes.definition_list_item:
    systems = ", ".join(_SYSTEMS.get(each, each) for each in provider.platforms)
    machines = _(" (%s)") % ", ".join(provider.machines) if provider.machines else ""
    computes = ", ".join(_COMPUTES.get(each, each) for each in provider.accelerators)
    flags = _(" (%s)") % ", ".join(provider.cpu_flags) if provider.cpu_flags else ""
    said = [elements.paragraph(_("Runs on %(systems)s; computes on %(computes)s.") % {
        "systems": systems + machines, "computes": computes + flags})]
    if provider.requirements:
        before, __, after = _("Installs %s.").partition("%s")
        said.append(elements.paragraph(before, *_names(provider.requirements), after))
    said += [elements.paragraph(words.of_engine(known.language, note)) for note in provider.notes]
    return nodes.definition_list_item(
        "", nodes.term("", "", nodes.literal("", provider.name)), nodes.definition("", *said))


def _architectures(architectures: Mapping[str, str]) -> nodes.Node:
    by_version: dict[str, list[str]] = {}
    for name, version in architectures.items():
        by_version.setdefault(version, []).append(name)
    made = elements.Fold(summary=_("%d architectures, by the first version that has them")
                         % len(architectures), classes=["mb-architectures"])
    made += nodes.definition_list("", *(nodes.definition_list_item(
        "", nodes.term("", version), nodes.definition("", elements.paragraph(
            *elements.commas(nodes.literal("", name) for name in names))))
        for version, names in by_version.items()))
    return made


def _names(names: list[str], none: str = "–") -> list[nodes.Node]:
    return elements.commas(nodes.literal("", name) for name in names) or [nodes.Text(none)]


def _loads(engine: Engine, model_format: str) -> bool:
    return any(rule.format == model_format for rule in engine.loads)


def _cell(known: Site, engine: Engine, model_format: str, catalogue: str) -> list[nodes.Node]:
    """Counts of what became of an engine's combinations in one format, with a way to them."""
    if not _loads(engine, model_format):
        return [nodes.Text("–")]
    out: list[nodes.Node] = []
    for kind, count in _summed(known.counts.get(engine.name, {}).get(model_format, {})).items():
        out += [nodes.Text(" ")] if out else []
        # In the matrix the word is hidden from eyes, which have the legend.
        out.append(nodes.inline("", "", nodes.Text(str(count)),
                                nodes.inline("", f" {_word(kind)}", classes=["mb-word"]),
                                classes=["mb-badge", f"mb-{kind}"]))
    if not out:
        return [nodes.Text(_("loads it"))]
    if not catalogue:
        return out
    query = urlencode({"engine": engine.name, "format": model_format})
    return [elements.Preset("", "", *out, query=query, doc=catalogue)]


def _summed(counts: Mapping[str, int]) -> dict[str, int]:
    """Kind of badge → how many combinations."""
    summed: dict[str, int] = {}
    for outcome, kind in _BADGES.items():
        if count := counts.get(outcome, 0):
            summed[kind] = summed.get(kind, 0) + count
    return summed


def _word(kind: str) -> str:
    known = {"passed": _("passed"), "failed": _("failed"), "stale": _("out of date"),
             "undecided": _("not decided"), "untried": _("not verified")}
    return str(known[kind])


def _legend(known: Site) -> Iterator[nodes.Node]:
    """What the marks of the matrix mean: those that it has."""
    kinds = {kind for by_format in known.counts.values() for counts in by_format.values()
             for kind in _summed(counts)}
    for kind in dict.fromkeys(_BADGES.values()):
        if kind in kinds:
            yield badge_node(Badge(kind, _word(kind)))
            yield nodes.Text(" ")


def label(engine: Engine) -> str:
    """The target of cross-references to an engine's page, where there are such pages."""
    return f"modelbook_engine_{page_name(engine)}"


def page_name(engine: Engine) -> str:
    """The name of an engine's page."""
    return slug(engine.name).replace(".", "-")


def engine_link(engine: Engine, docname: str) -> nodes.Node:
    """A cross-reference to an engine's page."""
    return addnodes.pending_xref(
        "", nodes.inline("", engine.title, classes=["std", "std-ref"]), refdomain="std",
        reftype="ref", reftarget=label(engine), refexplicit=True, refwarn=True, refdoc=docname)


def write_pages(app: Sphinx, config: Config) -> None:
    """Write the pages of engines, where the site asks for them."""
    if not config.modelbook_engine_pages:
        return
    known = load(Path(app.srcdir), config)
    if known is None:
        return
    folder = Path(app.srcdir) / config.modelbook_engine_pages
    made = pages(known)
    write(folder, {path: text.encode() for path, text in made.items()})
    for path in folder.glob("*.rst"):  # of engines that are gone
        if path.name not in made and path.read_text(encoding="utf-8").startswith(_OURS):
            path.unlink()


def pages(known: Site) -> dict[str, str]:
    """The text of each page."""
    engines = known.manifest.engines
    made = {f"{page_name(engine)}.rst": "\n".join([
        f".. _{label(engine)}:", "", *_title(engine.title), "",
        f".. model-engine:: {engine.name}", ""]) for engine in engines}
    told = _("How many combinations of each engine and format are promised on pages, and what "
             "became of those that were tried.")
    made["index.rst"] = "\n".join([
        ".. _modelbook_engines:", "", *_title(str(_("Engines"))), "",
        str(told), "", ".. engine-matrix::", "", ".. toctree::",
        "   :hidden:", "", *(f"   {page_name(engine)}" for engine in engines), ""])
    return made


def _title(text: str) -> list[str]:
    rule = rst.rule(rst.escape(text), "=")
    return [rule, rst.escape(text), rule]


def setup(app: Sphinx) -> None:
    """Register the directives and the writing of pages."""
    app.add_directive("engine-matrix", EngineMatrix)
    app.add_directive("model-engine", ModelEngine)
    app.connect("config-inited", write_pages)
