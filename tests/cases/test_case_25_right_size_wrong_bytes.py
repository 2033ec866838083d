"""The hub's client checks sizes; the bytes are checked here, before any engine sees them."""

from runtime.downloads import STATE
from tests.support import models
from tests.support.hubs import Notes, gguf_family, pull, refusal

NAME = "tiny-Q4_K_M.gguf"
MODEL = models.gguf()


def test_wrong_once_is_repaired(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "corrupt", method="GET")
    notes = Notes()
    assert pull(gguf_family(), notes).path.read_bytes() == MODEL
    assert any("damaged" in text for text in notes.notices)
    assert notes.done == notes.total


def test_always_wrong_is_refused_with_both_hashes_and_nothing_stays(hub, home):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "corrupt", method="GET", times=-1)
    error = refusal(gguf_family())
    assert error.details["expected"] in error.why
    assert error.details["found"][-1] in error.why
    assert not list(home.rglob("*.gguf"))


def test_small_files_are_checked_by_their_git_hash(hub):
    hub.add("o/tiny", {NAME: MODEL}, lfs_from=1 << 30)
    hub.fault("/resolve/", "corrupt", method="GET")
    assert pull(gguf_family()).files[0].digest.startswith("git-sha1:")


def test_a_full_length_file_with_a_zero_tail_is_not_taken_as_finished(hub, home):
    repository = hub.add("o/tiny", {NAME: MODEL})
    folder = home / "models/huggingface/o/tiny" / repository.head()
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(MODEL[:-100] + bytes(100))
    assert pull(gguf_family()).path.read_bytes() == MODEL


def test_verify_finds_what_changed_on_the_disk(hub):
    hub.add("o/tiny", {NAME: MODEL})
    located = pull(gguf_family())
    before = located.path.stat()
    located.path.write_bytes(MODEL[:-1] + b"x")
    import os

    os.utime(located.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pull(gguf_family()).path.read_bytes() != MODEL  # size and time are as before
    assert pull(gguf_family(), verify=True).path.read_bytes() == MODEL


def test_a_pointer_text_is_reported_as_such(hub, home):
    pointer = (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64
               + b"\nsize 1234\n")
    hub.add("o/tiny", {NAME: pointer}, listed={NAME: pointer[:-1] + b" "})
    error = refusal(gguf_family())
    assert error.code == "lfs-pointer"
    assert not list(home.rglob("*.gguf"))


def test_a_truncated_file_that_the_hub_calls_whole_is_named(hub, home):
    hub.add("o/tiny", {NAME: MODEL[:300]})
    error = refusal(gguf_family())
    assert error.code == "model-truncated"


def test_a_shorter_file_than_listed(hub, home):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "short", method="GET", at=200, times=-1)
    hub.fault("/resolve/", "short", method="HEAD", at=200, times=-1)
    error = refusal(gguf_family())
    assert error.code in ("wrong-bytes", "stale-hash")
    assert not [path for path in home.rglob("*.gguf") if path.name != STATE]
