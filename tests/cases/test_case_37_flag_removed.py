"""A flag that the installed engine no longer knows ends the launch at once, and says which."""

import json
import time

FLAG = "--disable-log-requests"


def test_it_is_refused_before_the_engine_starts(make_bench):
    bench = make_bench()
    done = bench.run(*bench.launch_arguments("--format", "json", "--", FLAG))
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (1, "unknown-flag")
    assert error["message"] == f"llama.cpp (llama-server) 9 has no option {FLAG}"
    assert not (bench.home / "logs").exists()  # nothing was started
    bench.assert_nothing_left()


def test_the_nearest_flag_is_named(make_bench):
    bench = make_bench()
    done = bench.run(*bench.launch_arguments("--", "--ctx-sise", "4096"))
    assert "did you mean --ctx-size?" in done.stderr


def test_what_the_release_has_is_passed_on(make_bench):
    bench = make_bench()
    done = bench.run(*bench.launch_arguments("--detach", "--", "--log_disable", "--temp=-1"))
    assert done.returncode == 0, done.stderr
    assert bench.run("stop", "smollm2").returncode == 0


def test_it_is_asked_once(make_bench):
    bench = make_bench()
    [program] = (bench.folder / "bin").iterdir()
    assert bench.run("engines", "probe", "llama.cpp", "--out",
                     str(bench.folder / "facts.json")).returncode == 0
    told = json.loads((bench.folder / "facts.json").read_text())
    assert (told["engine"], told["provider"], told["version"]) == ("llama.cpp", "llama-server", "9")
    assert "--ctx-size" in told["flags"]
    [kept] = (bench.home / "engines/llama.cpp/probes").iterdir()
    kept.write_text(kept.read_text().replace("--ctx-size", "--context"))
    done = bench.run(*bench.launch_arguments())
    assert "has no option --ctx-size" in done.stderr  # from what was kept
    program.write_text(program.read_text() + "# another release\n")
    done = bench.run(*bench.launch_arguments("--detach"))
    assert done.returncode == 0, done.stderr
    assert bench.run("stop", "smollm2").returncode == 0


def test_with_force_the_engines_own_message_and_code_at_once(make_bench):
    bench = make_bench()
    began = time.monotonic()
    done = bench.run(*bench.launch_arguments("--force", "--timeout", "600", "--", FLAG))
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert "exited with code 2" in done.stderr
    assert "unrecognized arguments: --disable-log-requests" in done.stderr
    assert "the engine does not know an option that it was given" in done.stderr
    bench.assert_nothing_left()
