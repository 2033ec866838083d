"""Lists of the whole site for programs: `llms.txt`, `llms-full.txt` and `sitemap.xml`.

`llms.txt` follows https://llmstxt.org: the project, then its pages as a list of links. In
`llms-full.txt` each family's facts and commands stand in Markdown, so that nothing else has to be
read. `sitemap.xml` needs full addresses, and is written where `html_baseurl` is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape as xml_escape

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from compiler.emit.pages import short
from compiler.emit.view import default_quantization
from compiler.sphinx.records import Site, family_label, manifest_path, site
from compiler.sphinx.translation import _
from compiler.sphinx.words import description
from runtime.command import launch_argv, shell_line
from runtime.manifest import Family, Spec
from runtime.storage import write_whole

#: Markdown's own characters, which text from specs must not act with.
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the lists once every page is in its place."""
    if error is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    if app.builder.name not in ("html", "dirhtml"):
        return
    out = Path(app.outdir)
    known = site(app.env)
    _replace(out / "llms.txt", "\n".join(_short_list(app, known)) + "\n")
    full = out / "llms-full.txt"
    if known is not None and not _is_newer(
            full, manifest_path(app.srcdir, app.config), Path(app.confdir) / "conf.py"):
        _replace(full, "\n".join(_full(app, known)) + "\n")
        full.touch()  # looked at now, though it may have stayed the same
    if app.config.html_baseurl:
        _replace(out / "sitemap.xml", "\n".join(_sitemap(app)) + "\n")


def _is_newer(made: Path, *sources: Path) -> bool:
    """Whether a file was made after all that it is made of, this code among it."""
    try:
        return made.stat().st_mtime_ns > max(source.stat().st_mtime_ns
                                             for source in (*sources, Path(__file__)))
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str) -> None:
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    write_whole(path, content)


def _address(app: Sphinx, docname: str) -> str:
    """The address of a page: full where the site knows its own."""
    return _address_of(app, app.builder.get_target_uri(docname))


def _short_list(app: Sphinx, known: Site | None) -> Iterator[str]:
    yield f"# {plain(app.config.project)}"
    yield ""
    if app.config.modelbook_summary:
        yield from (f"> {plain(app.config.modelbook_summary)}", "")
    pages = {family_label(family): family for family in (known.manifest.families if known else ())}
    labels = app.env.domains.standard_domain.anonlabels
    places = {labels[label][0]: family for label, family in pages.items() if label in labels}
    yield from (_heading(_("Pages")), "")
    rules = _rules(app)
    for docname in sorted(app.env.found_docs):
        if docname not in places and docname.rpartition("/")[0] not in rules:
            yield f"- [{_title(app, docname)}]({_address(app, docname)})"
    yield ""
    if places:
        yield from (_heading(_("Models")), "")
        for docname, family in sorted(places.items(), key=lambda item: item[1].name.casefold()):
            yield (f"- [{plain(family.name)}]({_address(app, docname)}): "
                   f"{plain(short(description(app.env, family)))}")
        # The standard names this heading: what is under it may be left out.
        whole = str(_("All models in one file"))
        yield from ("", "## Optional", "", f"- [{whole}]({_address_of(app, 'llms-full.txt')})", "")


def _heading(text: str) -> str:
    return f"## {text}"


def _rules(app: Sphinx) -> set[str]:
    """Folders whose pages are many and each of use only when it is asked for."""
    return {docname.rpartition("/")[0] for docname in app.env.found_docs
            if docname.endswith("rules/index")}


def _address_of(app: Sphinx, file: str) -> str:
    base = app.config.html_baseurl
    return urljoin(base if base.endswith("/") else f"{base}/", file) if base else file


def _title(app: Sphinx, docname: str) -> str:
    title = app.env.titles.get(docname)
    return plain(title.astext()) if title is not None else docname


def _full(app: Sphinx, known: Site) -> Iterator[str]:
    yield from (f"# {plain(app.config.project)}", "")
    for family in sorted(known.manifest.families, key=lambda family: family.name.casefold()):
        yield from (f"## {plain(family.name)}", "", plain(family.description), "")
        yield f"- Context length: {family.context_length} tokens"
        yield f"- Abilities: {', '.join(family.abilities)}"
        yield f"- Languages: {', '.join(map(plain, family.languages))}"
        if family.licence:
            yield f"- Licence: {plain(family.licence)}"
        if family.deprecated:
            yield f"- Deprecated: {plain(family.deprecated.reason)}"
        yield ""
        for spec in family.specs:
            yield from _spec(family, spec, known)


def _spec(family: Family, spec: Spec, known: Site) -> Iterator[str]:
    size = spec.size_in_billions.replace("_", ".")
    variant = f", {plain(spec.variant)}" if spec.variant else ""
    yield from (f"### {plain(family.name)}: {size} billion parameters, {spec.format}{variant}", "")
    yield f"- Quantizations: {', '.join(map(plain, spec.quantizations))}"
    for hub in spec.hubs:
        yield f"- {hub.hub}: {plain(hub.repo_id)}"
    for claim in spec.engines:
        usable = [name for name in claim.quantizations if name not in claim.refuted]
        shown = default_quantization(spec, usable)
        engine = known.engines.get(claim.engine.casefold())
        if shown is None or (engine is not None and not engine.launchable):
            continue
        line = shell_line(launch_argv(
            engine=claim.engine, family=family.name, size_in_billions=spec.size_in_billions,
            model_format=spec.format, quantization=shown, variant=spec.variant))
        yield from ("", f"{plain(claim.engine)}:", "", f"    {line}")
    yield ""


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _sitemap(app: Sphinx) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    for docname in sorted(app.env.found_docs):
        yield f"<url><loc>{xml_escape(_address(app, docname))}</loc></url>"
    yield "</urlset>"


def setup(app: Sphinx) -> None:
    """Register the last step of a build."""
    app.connect("build-finished", write)
