"""Garbage answers do not pass; short right answers do."""

import json

import pytest

from tests.support.stand_in import ID


@pytest.mark.parametrize(("mode", "outcome"), [
    ("exclamations", "failed"), ("empty", "failed"), ("blank", "failed"), ("repeats", "failed"),
    ("undecodable", "failed"), ("short", "passed"), ("good", "passed")])
def test_outcome(make_bench, mode, outcome):
    bench = make_bench(mode)
    done = bench.run("verify", ID, "--model-path", str(bench.model), "--format", "json")
    [record] = json.loads(done.stdout)["records"]
    assert record["outcome"] == outcome
    assert done.returncode == (0 if outcome == "passed" else 1)
    assert record.get("reason", "").startswith("garbage: " if outcome == "failed" else "")
