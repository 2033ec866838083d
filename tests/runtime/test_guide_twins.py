"""The guide to verifying with twins names what there is: commands, options, levels, outcomes."""

import re
import shlex
from pathlib import Path

import pytest

from compiler.cli import PROGRAM as COMPILER
from runtime.cli import PROGRAM as RUNTIME
from runtime.records import LEVELS, OUTCOMES
from runtime.request import DEFAULT_TIMEOUT
from runtime.selectors import matching, parse_selector
from tests.support.specs import shipped_manifest

GUIDE = (Path(__file__).parents[2] / "docs/guides/verify-with-twins.rst").read_text("utf-8")
COMMANDS = re.findall(r"^   \$ (.+)$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_typed(line):
    name, verb, *words = shlex.split(line)
    program = {"runtime": RUNTIME, "compiler": COMPILER}[name]
    args = program.parser(verb).parse_args(words)
    if verb == "verify":
        assert list(matching(shipped_manifest(), parse_selector(args.selector), refused=True))


def test_every_level_and_outcome_is_told():
    assert tuple(re.findall(r"^   \* - ``(\w+)``$", GUIDE, re.MULTILINE)) == LEVELS
    assert sorted(re.findall(r"^``(\w+)``$", GUIDE, re.MULTILINE)) == sorted(OUTCOMES)
    assert f"({DEFAULT_TIMEOUT:.0f} s)" in GUIDE


def test_every_option_in_the_text_exists():
    told = set(re.findall(r"``(--[a-z-]+)", GUIDE))
    known = set()
    for verb in ("verify", "twin"):
        known |= set(re.findall(r"--[a-z-]+", RUNTIME.parser(verb).format_help()))
    assert told <= known
