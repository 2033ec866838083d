"""`/v1/models` says 200 at once, `/health` and chat say 503: not ready until it chats."""

import signal


def test_ready_after_the_first_generation(make_bench):
    bench = make_bench("late")
    with bench.launched() as (process, ready):
        assert ready["seconds"] >= 1.0
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    bench.assert_nothing_left()


def test_the_childs_end_ends_the_wait(make_bench):
    bench = make_bench("dies")
    done = bench.run(*bench.launch_arguments("--timeout", "600"), timeout=30)
    assert done.returncode == 1
    assert "exited with code 7" in done.stderr
    bench.assert_nothing_left()
