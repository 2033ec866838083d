"""Which pages stand on which facts, so that a build reads again only what changed.

A page that shows something of the manifest notes it here: a family, or `ENGINES` for what is known
of engines and formats, or `ALL`. What it stood on is kept with Sphinx's environment as a digest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from compiler.sphinx.records import Site, site

#: Facts that are no family's.
ENGINES, ALL = "*engines", "*all"
_Uses = dict[str, dict[str, str]]


def note_family(env: BuildEnvironment, docname: str, family: str) -> None:
    """The page shows something of a family."""
    _note(env, docname, family.casefold())


def note_engines(env: BuildEnvironment, docname: str) -> None:
    """The page shows facts about engines, and counts of what was verified on them."""
    _note(env, docname, ENGINES)


def note_all(env: BuildEnvironment, docname: str) -> None:
    """The page shows something of every family."""
    _note(env, docname, ALL)


def _note(env: BuildEnvironment, docname: str, what: str) -> None:
    _uses(env).setdefault(docname, {})[what] = digest(site(env), what)


def digest(known: Site | None, what: str) -> str:
    """What identifies the facts called `what` as they are now; empty where there are none."""
    if known is None:
        return ""
    if what == ALL:
        return known.digest
    if what == ENGINES:
        return known.engines_digest
    family = known.families.get(what)
    return known.page_digest(family) if family else ""


def _uses(env: BuildEnvironment) -> _Uses:
    uses: Any = getattr(env, "modelbook_uses", None)
    if uses is None:
        uses = env.modelbook_uses = {}  # type: ignore[attr-defined]
    return uses  # type: ignore[no-any-return]


def _outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str],
              removed: set[str]) -> list[str]:
    known = site(env)
    return sorted(page for page, used in _uses(env).items()
                  if page not in removed and _differs(known, used))


def _differs(known: Site | None, used: Mapping[str, str]) -> bool:
    return any(digest(known, what) != before for what, before in used.items())


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _uses(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: Collection[str],
           other: BuildEnvironment) -> None:
    theirs = _uses(other)
    _uses(env).update({name: theirs[name] for name in docnames if name in theirs})


def setup(app: Sphinx) -> None:
    """Register the bookkeeping."""
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
