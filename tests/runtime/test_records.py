"""Records: appended whole, fingerprints that follow what matters."""

import multiprocessing
import resource

import msgspec
import pytest

from runtime import records
from runtime.combination import all_combinations
from runtime.errors import UserError
from runtime.junit import junit
from runtime.records import Evidence, Record, UsedEngine
from tests.support.specs import shipped_manifest


def record(number=0, **more):
    given = {
        "format": records.FORMAT, "format_version": records.FORMAT_VERSION,
        "combination": f"m/1/ggufv2/q{number}/llama.cpp", "wanted": "chat", "level": "chat",
        "outcome": "passed", "engine": UsedEngine(name="llama.cpp"), "weights": "real",
        "machine": {"system": "linux"}, "date": "2026-01-01T00:00:00Z", "who": "ci",
        "modelbook": "0", "manifest": "sha256:0", "spec": "sha256:1", "facts": "sha256:2",
        "temperature": 0, **more}
    return Record(**given)


def add_many(path, worker):
    for number in range(50):
        records.append(path, record(number, reason=f"{worker} " + "x" * 5000))


def test_records_of_several_writers_stay_whole(tmp_path):
    path = tmp_path / "folder" / "records.jsonl"
    workers = [multiprocessing.get_context("spawn").Process(target=add_many, args=(path, n))
               for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(list(records.read(path))) == 150


def test_a_torn_line_costs_only_itself(tmp_path):
    path = tmp_path / "records.jsonl"
    records.append(path, record(1))
    with path.open("ab") as file:
        file.write(b'{"combination": "torn')
    records.append(path, record(2))
    assert [r.combination for r in records.read(path)] == [record(1).combination,
                                                          record(2).combination]
    assert list(records.read(tmp_path / "none")) == []


def fill_up(path, failures):
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100,) * 2)
    try:
        records.append(path, record(2))
    except OSError as error:
        failures.put(error.strerror)


def test_a_disk_that_takes_only_a_part_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "records.jsonl"
    records.append(path, record(1))
    before = path.read_bytes()
    spawn = multiprocessing.get_context("spawn")
    failures = spawn.SimpleQueue()
    process = spawn.Process(target=fill_up, args=(path, failures))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert failures.get() == "File too large"
    assert path.read_bytes() == before


def test_a_line_nested_too_deep_costs_only_itself(tmp_path):
    path = tmp_path / "records.jsonl"
    records.append(path, record(1))
    whole = path.read_bytes()
    deep = whole.replace(b'"linux"', b"[" * 100_000 + b"]" * 100_000)
    path.write_bytes(deep + whole)
    assert [r.combination for r in records.read(path)] == [record(1).combination]


@pytest.mark.parametrize(("make", "why"), [
    (lambda path: path.mkdir(), "not a regular file"),
    (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    (lambda path: path.symlink_to(path), "symbolic link"),
])
def test_what_is_no_file_of_records_is_refused(tmp_path, make, why):
    path = tmp_path / "records.jsonl"
    make(path)
    with pytest.raises(UserError, match=why) as caught:
        list(records.read(path))
    assert str(path) in caught.value.message


def chosen(engine="llama.cpp", quantization="Q4_1"):
    manifest = shipped_manifest()
    family = next(f for f in manifest.families if f.name == "smollm2")
    return next(c for c in all_combinations(manifest, family)
                if c.engine.name == engine and c.quantization == quantization)


def test_a_spec_fingerprint_changes_with_what_decides_the_launch():
    combination = chosen()
    before = records.spec_fingerprint(combination)
    family, spec = combination.family, combination.spec

    def with_family(**change):
        changed = msgspec.structs.replace(family, **change)
        return records.spec_fingerprint(msgspec.structs.replace(combination, family=changed))

    def with_spec(**change):
        changed = msgspec.structs.replace(spec, **change)
        return records.spec_fingerprint(msgspec.structs.replace(combination, spec=changed))

    assert with_family(description="other words") == before
    assert with_family(languages=["de"]) == before
    assert with_spec(quantizations=[*spec.quantizations, "Q9"]) == before
    assert with_family(architectures=["Other"]) != before
    assert with_family(chat_template="{{ x }}") != before
    hubs = [msgspec.structs.replace(hub, revision="other") for hub in spec.hubs]
    assert with_spec(hubs=hubs) != before


def test_a_projector_decides_what_real_weights_serve_and_twins_have_none():
    combination = chosen()
    spec = combination.spec
    other = msgspec.structs.replace(combination, spec=msgspec.structs.replace(spec, hubs=[
        msgspec.structs.replace(hub, multimodal_projectors=["mmproj.gguf"]) for hub in spec.hubs]))
    assert records.spec_fingerprint(other, "real") != records.spec_fingerprint(combination, "real")
    assert records.spec_fingerprint(other, "twin") == records.spec_fingerprint(combination, "twin")


def test_a_spec_fingerprint_of_real_weights_follows_the_lock():
    from runtime.manifest import Locked, LockedFile

    combination = chosen()
    spec = combination.spec
    files = {"Q4_1": [LockedFile(path="m.gguf", size=1, sha256="0" * 64)]}

    def locked(commit, files):
        lock = [Locked(repo_id="r", commit=commit, checked="2026-01-01", files=files)]
        hubs = [msgspec.structs.replace(hub, locked=lock) for hub in spec.hubs]
        return msgspec.structs.replace(combination, spec=msgspec.structs.replace(spec, hubs=hubs))

    one, other = locked("a", files), locked("b", files)
    assert records.spec_fingerprint(one, "real") != records.spec_fingerprint(other, "real")
    assert records.spec_fingerprint(one, "twin") == records.spec_fingerprint(other, "twin")
    elsewhere = {"Q8_0": files["Q4_1"]}
    assert records.spec_fingerprint(locked("a", elsewhere), "real") == records.spec_fingerprint(
        locked("b", elsewhere), "real")


def test_a_facts_fingerprint_follows_only_what_the_combination_stands_on():
    combination = chosen()
    engine = combination.engine
    used, *_ = [each.name for each in engine.providers]

    def changed(provider=used, **change):
        other = msgspec.structs.replace(
            combination, engine=msgspec.structs.replace(engine, **change))
        return records.facts_fingerprint(other, provider)

    before = records.facts_fingerprint(combination, used)
    assert changed(description="x") == before
    assert changed(architectures={**engine.architectures, "Other": "1"}) == before
    assert changed(refuses=[]) == before
    assert changed(loads=[]) != before
    rules = [msgspec.structs.replace(rule, requires=["plugin"]) for rule in engine.loads]
    assert changed(loads=rules) != before

    def newer(name):
        return [msgspec.structs.replace(each, requirements=["new==2"]) if each.name == name
                else each for each in engine.providers]

    assert changed(providers=newer(used)) != before
    assert changed(providers=newer(engine.providers[-1].name)) == before
    nothing = records.facts_fingerprint(combination)
    assert changed("", providers=newer(engine.providers[-1].name)) != nothing
    verdict = msgspec.structs.replace(combination.verdict, reason="other")
    refused = msgspec.structs.replace(combination, verdict=verdict)
    assert records.facts_fingerprint(refused) != nothing
    assert records.facts_fingerprint(refused, used) == before


def test_junit_holds_any_text():
    from xml.etree import ElementTree

    text = "a < b & \x00 \x1b[31m ]]> \ud7ff"
    tree = ElementTree.fromstring(junit([
        record(1), record(2, outcome="failed", reason=text, evidence=Evidence(key_line=text)),
        record(3, outcome="environment", reason="memory"), record(4, outcome="skipped")]))
    assert tree.attrib == {"name": "modelbook.verify", "tests": "4", "failures": "1",
                           "errors": "1", "skipped": "1"}
    assert [child.tag for case in tree for child in case if child.tag != "system-out"] == [
        "failure", "error", "skipped"]
