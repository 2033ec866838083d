"""No orphan keeps the GPU; a poor machine is not the model's failure; nothing is no pass."""

import json
import signal

import pytest

from tests.support.stand_in import ID, until


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["never-listens", "leaves-children"])
def test_a_launcher_that_is_ended_while_loading_leaves_nothing(make_bench, number, mode):
    bench = make_bench(mode)
    process = bench.start(*bench.launch_arguments())
    until(lambda: any("stand_in_server.py --model" in line for line in bench.survivors()))
    process.send_signal(number)
    process.communicate(timeout=40)
    bench.assert_nothing_left(30)


@pytest.mark.parametrize("mode", ["good", "leaves-children", "ignores-sigterm"])
def test_verify_leaves_nothing_to_the_next_combination(make_bench, mode):
    bench = make_bench(mode)
    assert bench.run("verify", ID, "--model-path", str(bench.model)).returncode == 0
    assert bench.survivors() == []


def test_too_little_memory_is_the_machines_fault(make_bench):
    bench = make_bench("out-of-memory")
    done = bench.run("verify", ID, "--model-path", str(bench.model), "--format", "json")
    assert json.loads(done.stdout)["records"][0]["outcome"] == "environment"
    assert done.returncode == 1


def test_a_missing_engine_is_skipped_and_nothing_executed_is_no_pass(make_bench):
    bench = make_bench()
    (bench.folder / "bin" / "llama-server").unlink()
    done = bench.run("verify", "smollm2/**", "--format", "json")
    result = json.loads(done.stdout)
    assert done.returncode == 1
    assert {record["outcome"] for record in result["records"]} == {"skipped"}
    assert all(record["reason"] for record in result["records"])
