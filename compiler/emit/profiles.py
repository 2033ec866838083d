"""Profiles: what pages look like, one folder of templates each.

A profile is a folder with `profile.json`, `family.rst.j2` and `index.rst.j2`; a further folder is a
further profile. With a `verification.rst.j2` it shows the verification records too. Its
`profile.json` says

- `description`: one sentence;
- `text`: `escaped` (spec text is shown literally, whatever it holds) or `stated` (it is printed as
  it is, and refused where it would act as markup);
- `file_names`: `slug` (ASCII) or `lower` (the family's name in lower case).

What its templates mark with `say` and `told` is written in the language that the profile is given.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec

from compiler import data
from compiler.emit.language import Language
from runtime.errors import MisuseError, UserError

DEFAULT = "modelbook"


class Profile(msgspec.Struct, frozen=True):
    """One look of the pages; see the module."""

    name: str
    folder: Path
    description: str
    text: str
    file_names: str
    language: Language = msgspec.field(default_factory=Language)

    @property
    def verification(self) -> bool:
        """Whether it has a page of verification records, and shows on pages what they say."""
        return (self.folder / "verification.rst.j2").is_file()


@cache
def templates_folder() -> Path:
    """Where the profiles are: in the installed package, else in the checkout.

    Raises:
        UserError: The installation has none.
    """
    folder = data.find("templates")
    if folder is None:
        raise UserError("the page templates are missing", code="installation-broken",
                        hint="install modelbook again")
    return folder


def names() -> list[str]:
    """The profiles that there are, sorted."""
    return sorted(path.parent.name for path in templates_folder().glob("*/profile.json"))


def find(name: str) -> Profile:
    """The profile called `name`.

    Raises:
        MisuseError: There is none of that name.
    """
    known = names()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        raise MisuseError(f"there is no profile {name!r}", code="profile-unknown",
                          hint=(f"did you mean {near[0]}? " if near else "")
                          + f"profiles: {', '.join(known)}")
    folder = templates_folder() / name
    facts = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    return Profile(name, folder, facts["description"], facts["text"], facts["file_names"])
