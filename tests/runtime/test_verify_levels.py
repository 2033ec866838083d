"""The levels `hub` and `abilities`, and going on where an earlier run ended."""

import json

import msgspec
import pytest

from runtime.manifest import encode
from runtime.select import find_family
from tests.support.specs import shipped_manifest
from tests.support.stand_in import ID


def claiming(bench, *abilities):
    """The manifest, where the model of the stand-in claims these."""
    manifest = shipped_manifest()
    smol = find_family(manifest, "smollm2")
    families = [msgspec.structs.replace(family, abilities=list(abilities)) if family is smol
                else family for family in manifest.families]
    bench.manifest.write_bytes(encode(msgspec.structs.replace(manifest, families=families)))


def verify(bench, level, *more):
    done = bench.run("verify", ID, "--level", level, "--format", "json", *more)
    assert done.stdout, done.stderr
    [record] = json.loads(done.stdout)["records"]
    return done.returncode, record


@pytest.mark.parametrize(("mode", "abilities", "outcome", "says"), [
    ("able", ["chat", "tools", "reasoning"], "passed", ""),
    ("good", ["chat"], "passed", ""),
    ("raw-tools", ["chat", "tools"], "failed", "tools: no parsed tool call"),
    ("bad-arguments", ["chat", "tools"], "failed", "arguments do not fit"),
    ("deep-arguments", ["chat", "tools"], "failed", "arguments do not fit"),
    ("no-thought", ["chat", "tools", "reasoning"], "failed", "reasoning: no reasoning apart"),
    ("thought-in-answer", ["chat", "reasoning"], "failed", "still holds </think>"),
    ("able", ["chat", "vision"], "skipped", "no request yet that shows vision"),
])
def test_abilities_are_shown_by_real_requests(bench, mode, abilities, outcome, says):
    claiming(bench, *abilities)
    bench.mode(mode)
    code, record = verify(bench, "abilities", "--model-path", str(bench.model))
    assert (record["outcome"], record["level"]) == (
        outcome, "abilities" if outcome == "passed" else "chat")
    assert says in record.get("reason", "")
    assert code == (0 if outcome == "passed" else 1)
    if outcome == "passed" and "tools" in abilities:
        assert record["evidence"]["abilities"] == {"tools": "shown", "reasoning": "shown"}


def test_a_hub_that_cannot_be_reached_is_the_environments_fault(bench):
    bench.environment |= {"HF_HUB_OFFLINE": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
                          "PIP_CONFIG_FILE": "/dev/null", "UV_INDEX_URL": "http://127.0.0.1:9/"}
    code, record = verify(bench, "hub")
    assert (code, record["outcome"], record["level"]) == (1, "environment", "plan"), record


def test_no_hub_is_asked_for_files_that_are_named(bench):
    code, record = verify(bench, "hub", "--model-path", str(bench.model))
    assert (code, record["outcome"]) == (1, "skipped")


def test_resume_leaves_out_what_was_decided_and_is_not_stale(bench):
    more = ("--model-path", str(bench.model), "--resume")
    assert verify(bench, "load", *more)[1]["outcome"] == "passed"
    done = bench.run("verify", ID, "--level", "load", *more)
    assert done.returncode == 0
    assert "1 of 1 have a fresh record" in done.stderr
    assert len((bench.home / "records.jsonl").read_text().splitlines()) == 1
    assert verify(bench, "chat", *more)[1]["outcome"] == "passed"  # another level
    claiming(bench, "chat", "tools")
    assert verify(bench, "chat", *more)[1]["outcome"] == "passed"  # it had gone stale
    bench.mode("out-of-memory")
    assert verify(bench, "abilities", *more)[1]["outcome"] == "environment"
    bench.mode("able")
    assert verify(bench, "abilities", *more)[1]["outcome"] == "passed"
