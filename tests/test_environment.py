"""The page of environment variables names every variable that the code reads."""

from __future__ import annotations

import re

from tests.support.project import ROOT

PAGE = (ROOT / "docs/reference/environment.rst").read_text(encoding="utf-8")
_READ = re.compile(r"""environ(?:\.get)?[\[(]\s*"(\w+)"|"(MODELBOOK_\w+)\"""")
#: What build machines set, and what is only kept from engines.
_OTHERS = {"CI", "GITHUB_ACTIONS"}


def test_every_variable_that_is_read_is_on_the_page() -> None:
    read: set[str] = set()
    for package in ("runtime", "compiler"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for match in _READ.finditer(path.read_text(encoding="utf-8")):
                read.add(match[1] or match[2])
    assert {"MODELBOOK_HOME", "HF_ENDPOINT", "MODELSCOPE_ENDPOINT"} <= read
    assert sorted(name for name in read - _OTHERS if f"``{name}``" not in PAGE) == []


def test_the_page_names_no_variable_of_ours_that_nothing_reads() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for package in ("runtime", "compiler")
                      for path in (ROOT / package).rglob("*.py"))
    assert [name for name in re.findall(r"``(MODELBOOK_\w+)``", PAGE)
            if f'"{name}"' not in sources] == []
