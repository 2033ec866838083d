"""`/v1/models` says 200 at once, `/health` and chat say 503: not ready until it chats."""

import signal

from tests.support.stand_in import Bench


def test_ready_after_the_first_generation(tmp_path):
    bench = Bench(tmp_path, mode="late")
    with bench.launched() as (process, ready):
        assert ready["seconds"] >= 1.0
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    bench.assert_nothing_left()


def test_the_childs_end_ends_the_wait(tmp_path):
    bench = Bench(tmp_path, mode="dies")
    done = bench.run(*bench.launch_arguments("--timeout", "600"), timeout=30)
    assert done.returncode == 1
    assert "exited with code 7" in done.stderr
    bench.assert_nothing_left()
