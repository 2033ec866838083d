"""`runtime cache`: what lies on the disk, and what may go."""

import errno
import io
import json
import os
import pty
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import pytest

from runtime import running, stored
from runtime.cli import main
from runtime.lock import folder_lock
from tests.support import models
from tests.support.hubs import ROOT, folder_family, gguf_family, pull

NAME = "tiny-Q4_K_M.gguf"
MODEL = models.gguf(values=1 << 14)


@pytest.fixture
def one(hub):
    """One download."""
    hub.add("o/tiny", {NAME: MODEL})
    return pull(gguf_family())


@pytest.fixture
def two(hub):
    """Two commits of one branch that share a file; the first is superseded."""
    repository = hub.add("o/folder", models.folder())
    first = pull(folder_family())
    repository.files["config.json"] = b'{"model_type": "llama", "new": 1}'
    return first, pull(folder_family(), refresh=True)


def runtime(*arguments):
    """Run the program in this process, which is faster than one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def as_json(*arguments):
    done = runtime("cache", *arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_nothing_is_here(home):
    done = runtime("cache", "list")
    assert done.returncode == 0
    assert done.stdout.startswith(f"0 downloads, 0 B in {home / 'models'}")
    assert runtime("cache", "prune", "--yes").stdout == "nothing to remove\n"


def test_the_list_names_hub_commit_quantizations_size_and_state(one, home):
    done = runtime("cache", "list")
    assert done.returncode == 0, done.stderr
    head, row, total = done.stdout.splitlines()
    assert head.split() == ["DOWNLOAD", "COMMIT", "QUANTIZATIONS", "SIZE", "USED", "STATE"]
    assert row.split()[:3] == ["huggingface/o/tiny", one.commit[:12], "Q4_K_M"]
    assert row.endswith("complete")
    assert total.startswith("1 download, ")
    [entry] = as_json("list")["downloads"]
    assert entry["path"] == str(one.path.parent)
    assert entry["size"] >= len(MODEL)
    assert entry["kind"] == "model"


def test_what_was_copied_is_to_be_checked_again_not_incomplete(one):
    os.utime(one.path, (1, 1))
    row = runtime("cache", "list").stdout.splitlines()[1]
    assert row.split()[2] == "Q4_K_M"
    assert row.endswith("to be checked again: Q4_K_M")
    [entry] = as_json("list")["downloads"]
    assert (entry["unchecked"], entry["incomplete"]) == (["Q4_K_M"], [])
    pull(gguf_family())  # hashes it
    assert runtime("cache", "list").stdout.splitlines()[1].endswith("complete")
    one.path.write_bytes(MODEL[:-1])
    assert runtime("cache", "list").stdout.splitlines()[1].endswith("incomplete: Q4_K_M")


def test_by_itself_prune_takes_superseded_commits_alone(two):
    first, second = two
    shown = as_json("prune", "--dry-run")
    assert [entry["commit"] for entry in shown["removed"]] == [first.commit]
    record = (first.path / ".modelbook.json").stat().st_size
    done = as_json("prune", "--yes")
    assert done["removed"] == shown["removed"]
    assert done["freed"] == shown["freed"]
    assert not first.path.exists()
    assert pull(folder_family()) == second
    # What both commits have in common is linked, so it frees nothing.
    config = next(file.size for file in first.files if file.path == "config.json")
    assert done["freed"] == config + record


def test_a_locked_commit_is_never_superseded(hub):
    repository = hub.add("o/tiny", {NAME: MODEL})
    located = pull(gguf_family(revision=repository.head()))
    repository.move({NAME: models.gguf(fill=b"v")})
    pull(gguf_family())
    assert as_json("prune", "--yes")["removed"] == []
    assert located.path.is_file()


def test_leftovers_are_listed_and_removed(one, home):
    repository = one.path.parent.parent
    (repository / ".work").mkdir()
    (repository / ".work/x.incomplete").write_bytes(b"x" * 1000)
    (repository / ("0" * 40)).mkdir()
    kinds = {entry["kind"] for entry in as_json("list")["downloads"]}
    assert kinds == {"model", "partial", "unknown"}
    done = as_json("prune", "--yes")
    assert {entry["kind"] for entry in done["removed"]} == {"partial", "unknown"}
    assert done["freed"] == 1000
    assert one.path.is_file()


@pytest.mark.parametrize("pattern", ["o/tiny", "huggingface/o/tiny", "*tiny", "O/TINY"])
def test_a_pattern_names_downloads(one, pattern):
    assert runtime("cache", "prune", pattern, "--yes").returncode == 0
    assert not one.path.exists()


def test_a_pattern_that_fits_nothing_is_misuse(one):
    done = runtime("cache", "prune", "o/other", "--yes")
    assert done.returncode == 2
    assert "huggingface/o/tiny" in done.stderr
    assert one.path.exists()


def test_unused_for_looks_at_the_last_use(one):
    state = one.path.parent / ".modelbook.json"
    assert as_json("prune", "--unused-for", "1", "--yes")["removed"] == []
    long_ago = time.time() - 3 * 86400
    os.utime(state, (long_ago, long_ago))
    assert pull(gguf_family()) == one  # using it counts
    assert as_json("prune", "--unused-for", "1", "--yes")["removed"] == []
    os.utime(state, (long_ago, long_ago))
    assert len(as_json("prune", "--unused-for", "1", "--yes")["removed"]) == 1


@pytest.fixture
def server(home):
    """A process that counts as a running server, with words for its command line."""
    children = []

    def start(*words, folder=None):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", *words],
                                 stdin=subprocess.PIPE)
        children.append(child)
        running.home.ensure_folder(running.home.run_folder())
        running.write(running.Running(
            id="tiny-8000", combination="tiny/1/ggufv2/Q4_K_M/llama.cpp", engine="llama.cpp",
            provider="p", version="1", served_model_name="tiny", host="127.0.0.1", port=8000,
            base_url="http://127.0.0.1:8000/v1", log=home / "log", guard_pid=child.pid,
            guard_started=running.began_at(child.pid), engine_pid=child.pid,
            started="2026-11-25T00:00:00Z", ready=True, folder=folder))
        return child

    yield start
    for child in children:
        child.communicate()


@pytest.mark.parametrize("how", ["recorded", "command line"])
def test_what_a_running_server_uses_stays(one, server, how):
    child = {"recorded": lambda: server(folder=one.path.parent),
             "command line": lambda: server("-m", str(one.path))}[how]()
    assert as_json("list")["downloads"][0]["used_by"] == ["tiny-8000"]
    done = runtime("cache", "prune", "o/tiny", "--yes")
    assert done.returncode == 1
    assert "tiny-8000 uses it" in done.stderr
    assert "kept huggingface/o/tiny@" in done.stderr
    assert one.path.is_file()
    child.communicate()
    assert runtime("cache", "prune", "o/tiny", "--yes").returncode == 0
    assert not one.path.exists()


def test_what_is_being_downloaded_stays(one):
    lock = one.path.parent.parent / ".lock"
    with folder_lock(lock, doing="downloading o/tiny", limit=1, notify=print):
        [entry] = stored.stored()
        done = stored.prune([entry], dry_run=False)
    assert done.removed == []
    assert "downloading o/tiny" in done.kept[0][1]
    assert one.path.is_file()


def test_what_cannot_be_removed_is_a_failure_and_what_is_used_is_none(one, monkeypatch):
    with folder_lock(one.path.parent.parent / ".lock", doing="x", limit=1, notify=print):
        assert runtime("cache", "prune", "--all", "--yes").returncode == 0

    def refuse(path):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("shutil.rmtree", refuse)
    done = runtime("cache", "prune", "--all", "--yes")
    assert done.returncode == 1
    assert "it cannot be removed: Read-only file system" in done.stderr


def test_nobody_can_be_asked(one):
    done = runtime("cache", "prune", "--all")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert one.path.is_file()


@pytest.mark.parametrize(("answer", "gone"), [(b"n\n", False), (b"y\n", True)])
def test_at_a_terminal_it_asks(one, answer, gone):
    ours, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, "-m", "runtime.cli", "cache", "prune", "--all"],
                             stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
                             env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.write(ours, answer)
    _, asked = child.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert child.returncode == 0
    assert b"huggingface/o/tiny@" in asked
    assert b"remove 1 download" in asked
    assert one.path.exists() != gone


def test_links_are_not_followed_out_of_the_folder(one, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (one.path.parent / "link").symlink_to(outside)
    (one.path.parent.parent / "linked").symlink_to(outside)
    as_json("prune", "--all", "--yes")
    assert not one.path.exists()
    assert (outside / "precious").is_file()
