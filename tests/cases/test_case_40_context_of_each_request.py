"""The context that was asked for is that of each request; a silent 131072 is never passed on.

That the real server's slots each have it is shown in tests/engines/test_llama_cpp_real.py.
"""

import json

import pytest

from runtime.engines import engine_module
from runtime.engines.base import key_line


@pytest.fixture
def plan(make_bench):
    bench = make_bench()

    def planned(*more, name="smollm2"):
        words = [name if word == "smollm2" else word for word in bench.launch_arguments()]
        if name == "seed-oss":
            words = ["launch", "-e", "llama.cpp", "-n", name, "-f", "ggufv2", "-q", "Q4_K_M",
                     "--model-path", str(bench.model)]
        done = bench.run(*words, "--dry-run", "--format", "json", *more)
        return json.loads(done.stdout)

    return planned


def test_slots_share_one_cache_so_that_each_may_use_all_of_it(plan):
    argv = plan("--context-length", "8192")["argv"]
    assert argv[argv.index("--ctx-size") + 1] == "8192"
    assert "--kv-unified" in argv


def test_a_long_context_is_not_reserved_silently(plan):
    made = plan(name="seed-oss")
    assert made["argv"][made["argv"].index("--ctx-size") + 1] == "8192"
    assert any("8192 of 524288 tokens" in note and "--context-length" in note
               for note in made["notes"])


def test_more_than_the_model_has_is_refused_with_its_maximum(plan):
    error = plan("--context-length", "131072")["error"]
    assert error["code"] == "context-length"
    assert "8192" in error["message"]


def test_the_maximum_that_vllm_reports_reaches_the_user():
    line = ("ValueError: To serve at least one request with the models's max seq len (131072), "
            "(16.00 GiB KV cache is needed, which is larger than the available KV cache memory "
            "(3.1 GiB). Based on the available memory, the estimated maximum model length is "
            "25392. Try increasing `gpu_memory_utilization`")
    found = key_line([line], engine_module("vLLM").FAILURES)
    assert found.advice == "pass --context-length 25392 or less"
    assert found.outcome == "environment"
