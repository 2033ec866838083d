"""The outputs in the guide are what the commands print, with a hub on loopback."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli import main
from tests.support import models
from tests.support.hubserver import HubServer

if TYPE_CHECKING:
    import pytest

GUIDE = (Path(__file__).parents[3] / "docs/guides/lock-a-family.rst").read_text("utf-8")
Change = Callable[[HubServer, Path], None]


def nothing(hub: HubServer, specs: Path) -> None:
    """The family as it stands."""


def mistyped(hub: HubServer, specs: Path) -> None:
    edit(specs, "Q4_K_M, Q8_0]", "Q4_K_S, Q8_0]")


def moved(hub: HubServer, specs: Path) -> None:
    edit(specs, "Q4_K_S, Q8_0]", "Q4_K_M, Q8_0]")
    hub.repositories["org/demo-GGUF"].files["demo-Q6_K.gguf"] = models.gguf()


def overtaken(hub: HubServer, specs: Path) -> None:
    repository = hub.repositories["org/demo-AWQ"]
    pinned = repository.head()
    edit(specs, "repo_id: org/demo-AWQ\n", f"repo_id: org/demo-AWQ\n    revision: {pinned}\n")
    assert main(["lock", "--quiet"]) == 0
    repository.commit, repository.tags = "b" * 40, (pinned,)


def gated(hub: HubServer, specs: Path) -> None:
    hub.repositories["org/demo"].gated = True
    assert main(["lock", "--quiet"]) == 0


def edit(specs: Path, old: str, new: str) -> None:
    file = specs / "families/demo.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


#: What happens before each command of the guide, the command, and its exit code.
SCENES: list[tuple[Change, str, int]] = [
    (nothing, "compiler lock demo", 0),
    (mistyped, "compiler check specs/families/demo.yaml", 1),
    (moved, "compiler lock --check", 1),
    (overtaken, "compiler lock --check", 1),
    (nothing, "compiler lock demo", 0),
    (gated, "compiler lock --accept demo", 0),
    (nothing, "compiler new demo-2 --from huggingface:org/demo-GGUF", 0),
]


def blocks() -> list[str]:
    found = re.findall(r"(?m)^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", GUIDE)
    return [textwrap.dedent(block).strip("\n") for block in found]


def test_the_guide_shows_these_commands() -> None:
    shown = [block.split("\n")[0].removeprefix("$ ") for block in blocks()]
    assert shown == [command for _, command, _ in SCENES]


def test_the_outputs(
    specs: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(specs.parent)
    for (change, command, code), block in zip(SCENES, blocks(), strict=True):
        change(hub, specs)
        capsys.readouterr()
        assert main(shlex.split(command)[1:]) == code, command
        assert clean(capsys.readouterr().out) == clean(block.split("\n", 1)[1]), command


def clean(text: str) -> str:
    """Commits are of files that are made up anew; lines without trailing space."""
    text = re.sub(r"[0-9a-f]{40}", "COMMIT", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
