"""Complete means every file of the plan, verified; not that the folder exists."""

import os
import signal
import subprocess
import sys
import time

from huggingface_hub import constants

from tests.support import catalogue, models
from tests.support.hubs import ROOT, files_under, folder_family, pull, refusal

FILES = models.folder(3)
SHARDS = sorted(name for name in FILES if name.startswith("model-"))


def interrupted(hub):
    """Shard 1 arrived, shard 2 broke off, shard 3 was never reached."""
    hub.add("o/folder", FILES)
    for name in SHARDS[1:]:
        hub.fault(name, "status", status=404, times=-1,
                  headers={"X-Error-Code": "EntryNotFound"})
    assert refusal(folder_family()).code == "file-missing"
    hub.faults.clear()


def test_it_goes_on_with_what_is_missing(hub, home):
    interrupted(hub)
    kept = {name: (path.stat().st_mtime_ns) for path in home.rglob("*.json")
            if (name := path.name) in FILES}
    assert kept
    hub.seen.clear()
    located = pull(folder_family())
    fetched = {seen.path.rsplit("/", 1)[1] for seen in hub.requests("GET")}
    assert not fetched & set(kept)
    assert set(SHARDS[1:]) <= fetched
    assert all((located.path / name).read_bytes() == FILES[name] for name in SHARDS)


def test_offline_it_names_what_is_missing(hub, monkeypatch):
    interrupted(hub)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    error = refusal(folder_family())
    assert error.code == "offline"
    assert set(SHARDS[1:]) <= set(error.details["missing"])
    assert SHARDS[1] in error.why


def test_offline_a_complete_one_is_used(hub, monkeypatch):
    hub.add("o/folder", FILES)
    located = pull(folder_family())
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert pull(folder_family()) == located


def test_a_removed_or_shortened_file_makes_it_incomplete(hub):
    hub.add("o/folder", FILES)
    located = pull(folder_family())
    (located.path / SHARDS[0]).unlink()
    (located.path / SHARDS[1]).write_bytes(FILES[SHARDS[1]][:50])
    hub.seen.clear()
    pull(folder_family())
    assert {seen.path.rsplit("/", 1)[1] for seen in hub.requests("GET")} == set(SHARDS[:2])
    assert (located.path / SHARDS[1]).read_bytes() == FILES[SHARDS[1]]


def test_a_touched_file_is_hashed_and_kept_without_asking_the_hub(hub):
    hub.add("o/folder", FILES)
    located = pull(folder_family())
    os.utime(located.path / SHARDS[0], (1, 1))
    hub.seen.clear()
    assert pull(folder_family()) == located
    assert not hub.seen


def test_a_killed_launch_is_continued_and_its_orphans_go(hub, home, tmp_path):
    hub.add("o/folder", FILES | {SHARDS[1]: models.safetensors(1 << 21)})
    hub.fault(SHARDS[1], "slow", method="GET", seconds=0.2)
    manifest = catalogue.write(catalogue.manifest(folder_family()), tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "pull", "-n", "folder", "--manifest", str(manifest)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (hub.requests("GET", SHARDS[1]) and list(home.rglob("*.incomplete"))):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    assert list(home.rglob("*.incomplete"))
    located = pull(folder_family())
    assert not list(home.rglob("*.incomplete"))
    assert sorted(files_under(located.path)) == sorted(
        [".modelbook.json", *(f.path for f in located.files)])


def test_ctrl_c_ends_it_soon_with_its_exit_code(hub, home, tmp_path):
    hub.add("o/folder", FILES | {SHARDS[1]: models.safetensors(1 << 22)})
    hub.fault(SHARDS[1], "slow", method="GET", seconds=0.2)
    manifest = catalogue.write(catalogue.manifest(folder_family()), tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "pull", "-n", "folder", "--manifest", str(manifest)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (hub.requests("GET", SHARDS[1]) and list(home.rglob("*.incomplete"))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=15)
    assert child.returncode == 130
    assert stderr.endswith("interrupted\n")
    assert "Traceback" not in stderr
