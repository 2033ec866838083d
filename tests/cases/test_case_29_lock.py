"""A dead owner's lock is taken over; a living owner's is waited for; one download serves both."""

import os
import subprocess
import sys
import time

from tests.support import catalogue, models
from tests.support.hubs import ROOT, Notes, gguf_family, pull, refusal

NAME = "tiny-Q4_K_M.gguf"
HOLD = """
import sys, time
from pathlib import Path
from runtime.lock import folder_lock
with folder_lock(Path(sys.argv[1]), doing="downloading o/tiny", limit=1, notify=print):
    print("held", flush=True)
    if sys.argv[2] == "die":
        import os
        os._exit(1)
    sys.stdin.read()
"""


def holder(home, how):
    folder = home / "models/huggingface/o/tiny"
    folder.mkdir(parents=True)
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(folder / ".lock"), how], cwd=ROOT,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert child.stdout.readline() == "held\n"
    return child


def test_a_dead_owner_is_taken_over_with_a_notice(hub, home):
    hub.add("o/tiny", {NAME: models.gguf()})
    child = holder(home, "die")
    child.communicate()
    notes = Notes()
    assert pull(gguf_family(), notes).path.is_file()
    assert any(f"process {child.pid}" in text and "took over" in text for text in notes.notices)


def test_a_living_owner_is_waited_for_up_to_a_limit(hub, home):
    hub.add("o/tiny", {NAME: models.gguf()})
    child = holder(home, "stay")
    notes = Notes()
    started = time.monotonic()
    error = refusal(gguf_family(), notes, lock_limit=0.5)
    assert 0.5 <= time.monotonic() - started < 10
    assert error.code == "locked"
    assert f"process {child.pid} (downloading o/tiny)" in error.why
    assert any("waiting" in text for text in notes.notices)
    child.communicate("")
    assert pull(gguf_family(), lock_limit=5).path.is_file()


def test_two_launches_download_once(hub, tmp_path):
    hub.add("o/tiny", {NAME: models.gguf(values=1 << 16)})
    hub.fault("/resolve/", "slow", method="GET", seconds=0.05)
    manifest = catalogue.write(catalogue.manifest(gguf_family()), tmp_path)
    command = [sys.executable, "-m", "runtime.cli", "pull", "-n", "tiny", "--manifest",
               str(manifest)]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.PIPE,
                                 env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(2)]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    assert len(hub.requests("GET")) == 1
