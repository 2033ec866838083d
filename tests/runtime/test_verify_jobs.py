"""`runtime verify --jobs`: several at once, each record whole, nothing left after any end."""

import json
import re
import signal
import threading

import pytest

from runtime.admission import Admission
from runtime.twin import record
from runtime.twin.record import Twin, TwinBuild, TwinFile
from tests.support.stand_in import until

QUANTIZATIONS = ("IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K_M", "Q4_0", "Q4_1")
REPOSITORY = "unsloth/Seed-OSS-36B-Instruct-GGUF"


@pytest.fixture
def twin(bench):
    """A folder laid out as a twin; the stand-in answers whatever it is given."""
    root = bench.folder / "a twin"
    repository = root / REPOSITORY
    repository.mkdir(parents=True)
    builds = []
    for name in QUANTIZATIONS:
        path = repository / f"Seed-OSS-36B-Instruct-{name}.gguf"
        path.write_bytes(bench.model.read_bytes())
        builds.append(TwinBuild(
            key=f"36/ggufv2/{name}", repo_id=REPOSITORY, architecture="SeedOssForCausalLM",
            fingerprint="", taught=True,
            files=[TwinFile(path=path.name, size=path.stat().st_size,
                            sha256=record.sha256(path))]))
    record.write(root, Twin(format=record.FORMAT, format_version=record.FORMAT_VERSION,
                            family="seed-oss", seed=0, builds=builds,
                            answer="The capital of France is Paris."))
    return root


def arguments(twin, *more):
    return ("verify", "seed-oss/36/ggufv2/*/llama.cpp", "--twin", str(twin), *more)


def test_several_at_once(bench, twin):
    bench.mode("late")
    done = bench.run(*arguments(twin, "--jobs", "3"))
    told = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert sum(line.startswith("passed ") for line in told) == len(QUANTIZATIONS)
    # Each record is told in one piece: its line, then what was asked and answered.
    assert re.search(r"^passed .*\n {13}'What is .* -> '", done.stdout, re.MULTILINE)
    lines = (bench.home / "records.jsonl").read_text().splitlines()
    found = {entry["combination"]: entry["outcome"] for entry in map(json.loads, lines)}
    passed = [name for name, outcome in found.items() if outcome == "passed"]
    assert sorted(passed) == [f"seed-oss/36/ggufv2/{name}/llama.cpp" for name in QUANTIZATIONS]
    assert len(lines) == len(found) == 26  # those that the twin lacks are told as well
    ports = {path.name.split("-")[2] for path in (bench.home / "logs").iterdir()}
    assert len(ports) > 1  # more than one was up at a time


@pytest.mark.parametrize(("mode", "number", "code"), [
    ("never-listens", signal.SIGINT, 130), ("never-listens", signal.SIGTERM, 143),
    ("ignores-sigterm", signal.SIGINT, 130)])
def test_an_interruption_ends_all_and_keeps_what_is_decided(bench, twin, mode, number, code):
    bench.mode(mode)
    process = bench.start(*arguments(twin, "--jobs", "3"))
    until(lambda: sum("stand_in_server.py --model" in line for line in bench.survivors()) > 1, 60)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    path = bench.home / "records.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    assert all(json.loads(line)["outcome"] in ("passed", "skipped") for line in lines)


def test_an_interrupted_run_goes_on_where_it_was(bench, twin):
    bench.mode("late")
    path = bench.home / "records.jsonl"
    process = bench.start(*arguments(twin, "--jobs", "2"))
    until(lambda: process.poll() is not None or (path.exists() and '"passed"' in path.read_text()))
    assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    before = path.read_text().count('"passed"')
    done = bench.run(*arguments(twin, "--jobs", "2", "--resume"))
    assert f"{before} of 26 have a fresh record" in done.stderr
    assert path.read_text().count('"passed"') == len(QUANTIZATIONS)


def test_sarif_names_the_line_of_the_spec(bench, twin):
    bench.mode("exclamations")
    done = bench.run(*arguments(twin, "--jobs", "2", "--format", "sarif"))
    assert done.returncode == 1
    [run] = json.loads(done.stdout)["runs"]
    failed = [result for result in run["results"] if result["level"] == "error"]
    assert len(failed) == len(QUANTIZATIONS)
    assert {each["ruleId"] for each in failed} == {"verify-failed"}
    place = failed[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "specs/families/seed-oss.yaml"
    assert place["region"]["startLine"] > 1
    assert "garbage" in failed[0]["message"]["text"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules[failed[0]["ruleIndex"]] == "verify-failed"


@pytest.mark.parametrize(("mode", "outcome"), [
    ("good", "passed"), ("thought", "passed"), ("twice", "failed"), ("scraps", "failed")])
def test_a_twin_says_what_it_was_taught_and_no_more(bench, twin, mode, outcome):
    bench.mode(mode)
    done = bench.run("verify", "seed-oss/36/ggufv2/Q4_0/llama.cpp", "--twin", str(twin),
                     "--format", "json")
    assert [each["outcome"] for each in json.loads(done.stdout)["records"]] == [outcome], (
        done.stdout + done.stderr)


@pytest.mark.parametrize("wrong", [("--jobs", "0"), ("--answer-timeout", "0")])
def test_what_cannot_be_meant_is_refused(bench, twin, wrong):
    assert bench.run(*arguments(twin, *wrong)).returncode == 2


def test_an_answer_has_a_time_of_its_own(bench, twin):
    bench.mode("second-hangs")
    done = bench.run(*arguments(twin, "--answer-timeout", "1"), "--resume")
    assert done.returncode == 1
    assert done.stdout.count("it does not answer") == len(QUANTIZATIONS)


def test_a_record_names_no_folder_of_the_twin(bench, twin):
    bench.mode("names-its-file")
    done = bench.run(*arguments(twin), "--jobs", "2")
    assert done.returncode == 1
    text = (bench.home / "records.jsonl").read_text()
    assert f"cannot use $TWIN/{REPOSITORY}" in text
    assert str(bench.folder) not in text


def test_a_twin_that_was_changed_is_not_tried(bench, twin):
    path = twin / REPOSITORY / f"Seed-OSS-36B-Instruct-{QUANTIZATIONS[0]}.gguf"
    path.write_bytes(path.read_bytes() + b"more")
    selector = f"seed-oss/36/ggufv2/{QUANTIZATIONS[0]}/llama.cpp"
    done = bench.run("verify", selector, "--twin", str(twin))
    assert done.returncode == 1
    assert "is not what was built; `runtime twin seed-oss`" in done.stdout
    assert not (bench.home / "logs").exists()
    assert bench.run("verify", selector, "--twin", str(twin), "--force").returncode == 0


def begin(admission, needed, *, gpu=False):
    """Enter in a thread; events tell that it is in, and let it leave."""
    inside, leave = threading.Event(), threading.Event()

    def work():
        with admission.room(needed, gpu=gpu):
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return inside, leave


@pytest.mark.parametrize(("first", "second", "together"), [
    ({"needed": 30}, {"needed": 40}, True),
    ({"needed": 50}, {"needed": 50}, False),
    ({"needed": 5000}, {"needed": 1}, False),
    ({"needed": 1, "gpu": True}, {"needed": 1, "gpu": True}, False),
    ({"needed": 1, "gpu": True}, {"needed": 1}, True),
])
def test_only_what_there_is_memory_for_begins(first, second, together):
    admission = Admission(free=100)
    one, leave_one = begin(admission, **first)
    assert one.wait(20)  # alone it always may, whatever it needs
    two, leave_two = begin(admission, **second)
    assert two.wait(20 if together else 0.5) is together
    leave_one.set()
    assert two.wait(20)
    leave_two.set()
