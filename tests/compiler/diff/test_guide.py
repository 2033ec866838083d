"""The outputs in the guide are what the commands print."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from compiler.cli import main
from tests.compiler.diff.repo import DEMO, Repo

GUIDE = Path("docs/guides/review-a-pull-request.rst").read_text("utf-8")
NOTICE = """\
    deprecated_quantizations:
      Q8_0: {since: 2026-06-01, reason: Q4_K_M is as good., remove_after: 2026-12-01}
"""
GONE = DEMO.replace("Q4_K_M, Q8_0", "Q4_K_M")
#: Command → the family before and after, in the order of the guide.
SCENES = [
    ("compiler diff main", DEMO, GONE.replace("131072", "32768").replace(
        "A model.", "A small model for short answers.")),
    ("compiler diff main", DEMO, DEMO + NOTICE),
    ("compiler diff main --today 2026-11-30", DEMO + NOTICE, GONE),
    ("compiler diff main --today 2026-12-01", DEMO + NOTICE, GONE),
    ("compiler fmt --diff specs/families", DEMO, DEMO.replace(
        "    size_in_billions: 1_8\n    quantizations: [none]\n",
        "    # As trained.\n    quantizations:   [none]\n    size_in_billions: 1_8\n")),
    ("compiler diff BASE [HEAD]", DEMO, DEMO),
]


def blocks() -> list[str]:
    found = re.findall(r"(?m)^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", GUIDE)
    return [textwrap.dedent(block).strip("\n") for block in found]


def test_the_guide_shows_these_commands() -> None:
    shown = [block.split("\n")[0].removeprefix("$ ") for block in blocks()]
    assert shown == [command for command, _, _ in SCENES]


@pytest.mark.parametrize("number", range(len(SCENES) - 1))
def test_an_output(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, before, after = SCENES[number]
    repo = Repo(tmp_path / "repository")
    repo.write(before)
    repo.git("commit", "--quiet", "--amend", "--allow-empty", "--all", "-m", "first")
    repo.write(after)
    monkeypatch.chdir(repo.folder)
    main(shlex.split(command)[1:])
    printed = capsys.readouterr().out
    expected = blocks()[number].split("\n", 1)[1]
    assert clean(printed) == clean(expected)


def clean(text: str) -> list[str]:
    text = re.sub(r"\([0-9a-f]{12}\)", "(commit)", text)
    return [line.rstrip() for line in text.strip().split("\n")]
