"""Tells a value that does not exist from one that happens to fit nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runtime.errors import MisuseError
from runtime.index import all_listed
from runtime.manifest import Manifest


def refuse_unknown(manifest: Manifest, *, abilities: Iterable[str] = (), engine: str | None = None,
                   model_format: str | None = None, hub: str | None = None) -> None:
    """Refuse names that nothing has; case is ignored.

    Raises:
        MisuseError: There is no such ability, engine, format or hub.
    """
    from runtime.abilities import KNOWN
    from runtime.hubs import TITLES

    def known(stated: Iterable[str], used: Iterable[list[str]]) -> list[str]:
        return list(dict.fromkeys([*stated, *(name for names in used for name in names)]))

    families = all_listed(manifest)
    for ability in abilities:
        _refuse("ability", ability, known(KNOWN, (f.abilities for f in families)))
    _refuse("engine", engine, known((each.name for each in manifest.engines),
                                    (f.engines for f in families)))
    _refuse("format", model_format, known((each.name for each in manifest.formats),
                                          (f.formats for f in families)))
    _refuse("hub", hub, known((name for name in TITLES if name != "local"),
                              (f.hubs for f in families)))


def _refuse(word: str, wanted: str | None, known: Sequence[str]) -> None:
    if wanted is None or wanted.casefold() in map(str.casefold, known):
        return
    from difflib import get_close_matches

    near = get_close_matches(wanted.casefold(), {name.casefold(): name for name in known}, n=1,
                             cutoff=0.5)
    meant = next((name for name in known if near and name.casefold() == near[0]), "")
    raise MisuseError(f"there is no {word} named {wanted!r}", code=f"no-such-{word}",
                      hint=(f"did you mean {meant}? " if meant else "")
                      + f"there are {', '.join(known)}", details={"known": list(known)})
