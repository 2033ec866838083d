"""`runtime verify` with the stand-in: honest outcomes, and nothing left running."""

import hashlib
import json
import socket

import pytest

from tests.support.stand_in import ID


def verify(bench, *more, selector=ID):
    done = bench.run("verify", selector, "--model-path", str(bench.model), "--format", "json",
                     *more)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(("mode", "level", "outcome", "says"), [
    ("good", "chat", "passed", ""),
    ("short", "chat", "passed", ""),
    ("reasoning", "chat", "passed", ""),
    ("reasoning-content", "chat", "passed", ""),
    ("base", "chat", "passed", ""),
    ("exclamations", "load", "failed", "garbage"),
    ("empty", "load", "failed", "garbage"),
    ("blank", "load", "failed", "garbage"),
    ("repeats", "load", "failed", "garbage"),
    ("undecodable", "load", "failed", "garbage"),
    ("chat-500", "load", "failed", "no kernel image"),
    ("dies", "plan", "failed", "damaged"),
    ("out-of-memory", "plan", "environment", "not enough memory"),
])
def test_outcomes(bench, mode, level, outcome, says):
    bench.mode(mode)
    code, result = verify(bench)
    [record] = result["records"]
    assert (record["level"], record["outcome"]) == (level, outcome)
    assert says in record.get("reason", "")
    assert code == (0 if outcome == "passed" else 1)


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_folder_for_the_records_is_refused_before_anything_is_tried(bench, more):
    folder = bench.folder / "records"
    folder.mkdir()
    code, result = verify(bench, "--records", str(folder), *more)
    assert (code, result["error"]["code"]) == (2, "records")
    assert not (bench.home / "logs").exists()


def test_records_that_cannot_be_kept_are_no_fault_of_ours(bench):
    loop = bench.folder / "records.jsonl"
    loop.symlink_to(loop)
    code, result = verify(bench, "--records", str(loop))
    assert (code, result["error"]["code"]) == (1, "out-not-writable")


def test_a_record_says_what_was_tried_and_nothing_about_who_owns_the_machine(bench):
    path = bench.folder / "records.jsonl"
    code, _ = verify(bench, "--records", str(path), "--as", "maintainer")
    assert code == 0
    [line] = path.read_text().splitlines()
    record = json.loads(line)
    assert record["combination"] == ID
    assert (record["wanted"], record["level"], record["outcome"]) == ("chat", "chat", "passed")
    assert record["evidence"]["question"].startswith("What is the capital of France?")
    assert record["evidence"]["answer"] == "The capital of France is Paris."
    assert record["engine"] == {"name": "llama.cpp", "provider": "llama-server",
                                "version": "9"}
    assert (record["weights"], record["who"], record["temperature"]) == ("real", "maintainer", 0)
    assert record["manifest"].startswith("sha256:")
    [file] = record["source"]["files"]
    digest = hashlib.sha256(bench.model.read_bytes()).hexdigest()
    assert file == {"path": "model.gguf", "size": 24, "sha256": digest}
    assert socket.gethostname() not in json.dumps(record["machine"])
    assert str(bench.folder) not in line


def test_a_build_machine_signs_as_such(bench):
    bench.environment["CI"] = "true"
    assert verify(bench, "--level", "plan")[1]["records"][0]["who"] == "ci"


@pytest.mark.parametrize("level", ["plan", "load"])
def test_lower_levels_stop_there(bench, level):
    code, result = verify(bench, "--level", level)
    assert code == 0
    assert result["records"][0]["level"] == level
    assert (bench.home / "logs").exists() == (level == "load")


def test_nothing_executed_is_not_a_pass(bench):
    done = bench.run("verify", "seed-oss/**", "--format", "json")
    result = json.loads(done.stdout)
    assert done.returncode == 1
    assert result["counts"]["skipped"] + result["counts"]["failed"] == result["selected"] > 20
    assert result["counts"]["passed"] == 0
    mlx = [r for r in result["records"] if r["combination"].endswith("/MLX")]
    assert all(r["outcome"] == "skipped" and r["reason"] for r in mlx)


def test_what_the_facts_refuse_is_a_failure_with_the_rule(bench):
    done = bench.run("verify", "seed-oss/36/ggufv2/BF16/vLLM", "--format", "json")
    [record] = json.loads(done.stdout)["records"]
    assert record["outcome"] == "failed"
    assert record["reason"].startswith("MB304")


@pytest.mark.parametrize("selector", ["nothing/**", "smollm2", "a/b"])
def test_a_selector_that_selects_nothing_is_misuse(bench, selector):
    assert bench.run("verify", selector).returncode == 2


def test_junit_and_text(bench):
    done = bench.run("verify", ID, "--model-path", str(bench.model), "--format", "junit")
    assert done.stdout.startswith("<?xml")
    assert 'tests="1"' in done.stdout
    done = bench.run("verify", ID, "--model-path", str(bench.model))
    assert done.stdout.startswith("passed ")
    assert "1 selected: 1 passed" in done.stdout
    assert len((bench.home / "records.jsonl").read_text().splitlines()) == 2
