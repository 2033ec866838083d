"""Reasoning without an answer yet, and a base model without a chat template, both work."""

import json

import pytest

from tests.support.stand_in import ID


@pytest.mark.parametrize(("mode", "via"), [
    ("reasoning", "chat"), ("reasoning-content", "chat"), ("base", "completions")])
def test_it_is_no_failure(make_bench, mode, via):
    bench = make_bench(mode)
    done = bench.run("verify", ID, "--model-path", str(bench.model), "--format", "json")
    [record] = json.loads(done.stdout)["records"]
    assert (done.returncode, record["outcome"], record["level"]) == (0, "passed", "chat")
    assert record["evidence"]["via"] == via
