"""A flag that the installed engine no longer knows ends the launch at once, with its own words."""

import time


def test_the_engines_own_message_and_code_at_once(make_bench):
    bench = make_bench()
    began = time.monotonic()
    done = bench.run(*bench.launch_arguments("--timeout", "600", "--", "--disable-log-requests"))
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert "exited with code 2" in done.stderr
    assert "unrecognized arguments: --disable-log-requests" in done.stderr
    assert "the engine does not know an option that it was given" in done.stderr
    bench.assert_nothing_left()
