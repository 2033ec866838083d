"""What pages, the matrix and verification.json say of verification records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler import verification
from compiler.cli import main
from compiler.emit.view import record_lines
from runtime import records
from runtime.combination import Combination, all_combinations
from runtime.manifest import Manifest
from runtime.records import Record, UsedEngine
from tests.support.pages import build_html
from tests.support.specs import shipped_manifest
from tests.support.yaml_specs import family

MACHINE: dict[str, object] = {"system": "linux", "processor": "x86_64", "accelerators": ["cpu"]}
CUDA: dict[str, object] = {**MACHINE, "accelerators": ["cpu", "cuda"]}


def combination(name: str) -> Combination:
    manifest = shipped_manifest()
    [found] = [each for each in manifest.families if each.name == "seed-oss"]
    return next(c for c in all_combinations(manifest, found) if c.id == f"seed-oss/36/{name}")


def record(name: str, outcome: str = "passed", **more: object) -> Record:
    c = combination(name)
    given = {
        "format": records.FORMAT, "format_version": 1, "combination": c.id, "wanted": "chat",
        "level": "chat" if outcome == "passed" else "plan", "outcome": outcome,
        "engine": UsedEngine(name=c.engine.name, provider="p", version="1"), "weights": "twin",
        "machine": MACHINE, "date": "2026-11-25T10:00:00Z", "who": "maintainer",
        "modelbook": "0", "manifest": "", "temperature": 0,
        "reason": "" if outcome == "passed" else "no kernel: `x`_ |y|"}
    given |= more
    used = given["engine"]
    assert isinstance(used, UsedEngine)
    standing_on = {"spec": records.spec_fingerprint(c, str(given["weights"])),
                   "facts": records.facts_fingerprint(c, used.provider)}
    return Record(**{**standing_on, **given})  # type: ignore[arg-type]


def badge(*found: Record, spec: str = "gptq") -> str:
    manifest: Manifest = shipped_manifest()
    seed = next(each for each in manifest.families if each.name == "seed-oss")
    return verification.badge(verification.merge(manifest, found), seed,
                              next(each for each in seed.specs if each.format == spec))


@pytest.mark.parametrize(("found", "says"), [
    ([], "not verified"),
    ([record("awq/Int4/vLLM")], "not verified"),
    ([record("gptq/Int4/vLLM")],
     "1 of 5 combinations passed at level chat on twins (2026-11-25); 4 not tried"),
    ([record("gptq/Int4/vLLM", "failed"), record("gptq/Int8/vLLM", "skipped")],
     "none of 5 combinations passed (2026-11-25); 1 failed, 1 skipped, 3 not tried"),
    ([record("gptq/Int4/vLLM"), record("gptq/Int8/vLLM", weights="real", level="load",
                                       date="2026-11-27T00:00:00Z")],
     "1 of 5 combinations passed at level chat on twins, 1 at level load on real weights "
     "(2026-11-25 to 2026-11-27); 3 not tried"),
    ([record("gptq/Int4/vLLM", spec="sha256:old")],
     "not verified since the spec or the engine's facts changed"),
    # A page speaks of what it promises; a refusal's record is for the table.
    ([record("gptq/Int4/llama.cpp", "failed")], "not verified"),
])
def test_badge(found: list[Record], says: str) -> None:
    assert badge(*found) == says


def test_the_latest_record_of_a_setup_counts_and_setups_stand_side_by_side() -> None:
    name = "gptq/Int4/vLLM"
    later = record(name, "failed", date="2026-11-26T10:00:00Z")
    assert "none of 5" in badge(record(name), later)
    assert "none of 5" in badge(later, record(name))
    elsewhere = record(name, machine=CUDA)
    assert "1 of 5" in badge(elsewhere, later)
    [tried] = verification.merge(shipped_manifest(), [later, elsewhere]).tried.values()
    assert [each.outcome for each in tried.fresh] == ["passed", "failed"]


def test_setups_differ_by_gpus_and_by_how_many_share_a_layer_and_the_pages_say_so() -> None:
    name = "gptq/Int4/vLLM"
    one, two = ({**CUDA, "gpus": ["H100"] * count} for count in (1, 2))
    found = [record(name, machine=one), record(name, machine=two),
             record(name, machine=two, tensor_parallel_size=2), record(name, machine=CUDA)]
    [tried] = verification.merge(shipped_manifest(), found).tried.values()
    assert {line.setup for line in record_lines(tried)} == {
        "p 1 on linux cuda (H100), 2026-11-25", "p 1 on linux cuda (2 × H100), 2026-11-25",
        "p 1 on linux cuda (2 × H100 · --tensor-parallel-size 2), 2026-11-25",
        "p 1 on linux cuda, 2026-11-25"}


def test_a_pass_says_nothing_of_a_level_above_it() -> None:
    name = "gptq/Int4/vLLM"
    plan = record(name, wanted="plan", level="plan", date="2026-11-26T10:00:00Z")
    assert "1 of 5 combinations passed at level chat" in badge(record(name), plan)
    assert "none of 5" in badge(record(name, "failed"), plan)
    # What fails below a level cannot reach it.
    load = record(name, "failed", wanted="load", date="2026-11-26T10:00:00Z")
    assert "none of 5" in badge(record(name), load)


@pytest.mark.parametrize("undecided", ["environment", "skipped"])
def test_what_decided_nothing_does_not_undo_what_did(undecided: str) -> None:
    name = "gptq/Int4/vLLM"
    later = record(name, undecided, date="2026-11-26T10:00:00Z")
    assert "1 of 5" in badge(record(name), later)
    assert "none of 5" in badge(later)


def test_what_the_manifest_does_not_have_is_left_out() -> None:
    gone = record("gptq/Int4/vLLM", combination="gone/7/gptq/Int4/vLLM")
    assert not verification.merge(shipped_manifest(), [gone]).tried


def test_a_build_says_which_records_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    family(tmp_path)
    (tmp_path / "specs/records/a.jsonl").mkdir(parents=True)
    assert main(["build", "--specs", str(tmp_path / "specs"), "--out", str(tmp_path / "out")]) == 1
    assert "a.jsonl: it is not a regular file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_build_merges_them_into_pages_that_sphinx_builds(tmp_path: Path) -> None:
    family(tmp_path)
    specs = tmp_path / "specs"
    out = tmp_path / "out"
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    before = json.loads((out / "verification.json").read_bytes())
    assert before["combinations"] == {}
    assert "No combination has been verified yet." in (out / "verification.rst").read_text()
    from runtime.manifest import load

    manifest = load(out / "manifest.json")
    c = next(c for c in all_combinations(manifest, manifest.families[0]) if c.promised)
    one = record("gptq/Int4/vLLM", "failed", combination=c.id,
                 spec=records.spec_fingerprint(c), facts=records.facts_fingerprint(c, "p"))
    records.append(specs / "records" / "a.jsonl", one)
    (specs / "records" / "b.jsonl").write_text("not a record\n{}\n")
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    known = json.loads((out / "verification.json").read_bytes())["combinations"]
    assert known[c.id]["outcome"] == "failed"
    page = (out / "models/llm/demo.rst").read_text()
    assert "passed (2026-11-25); 1 failed" in page
    again = tmp_path / "again"
    assert main(["build", "--specs", str(specs), "--out", str(again), "--no-cache"]) == 0
    assert (again / "verification.json").read_bytes() == (out / "verification.json").read_bytes()
    html = build_html(tmp_path / "html", {
        path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.rst")})
    assert "no kernel: `x`_ |y|" in (html / "verification.html").read_text()
    assert main(["build", "--specs", str(specs), "--out", str(out), "--profile",
                 "xinference"]) == 0
    assert not (out / "verification.rst").exists()
    assert "Verification" not in (out / "models/llm/demo.rst").read_text()
