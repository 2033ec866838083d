"""What downloads from Hugging Face choose, keep and refuse; faults are in `test_faults`."""

import errno
import hashlib
from types import SimpleNamespace

import pytest

from tests.support import models
from tests.support.hubs import Notes, files_under, folder_family, gguf_family, pull, refusal

MODEL = models.gguf()
NAME = "tiny-Q4_K_M.gguf"


def test_code_comes_only_where_the_spec_trusts_it(hub):
    hub.add("o/folder", models.folder())
    located = pull(folder_family(trust_remote_code=True))
    assert (located.path / "modeling_x.py").is_file()


def test_pickles_are_refused_unless_allowed(hub):
    files = {"config.json": b"{}", "pytorch_model.bin": b"pickle" * 20}
    hub.add("o/folder", files)
    assert refusal(folder_family()).code == "pickle"
    assert hub.bytes_sent == 0
    assert (pull(folder_family(), allow_pickle=True).path / "pytorch_model.bin").is_file()


def test_a_shard_that_the_index_names_must_be_there(hub):
    files = models.folder(3)
    del files["model-00002-of-00003.safetensors"]
    hub.add("o/folder", files)
    error = refusal(folder_family())
    assert error.details["missing"] == ["model-00002-of-00003.safetensors"]
    assert hub.bytes_sent == 0


def test_an_index_may_name_shards_that_are_not_numbered(hub):
    files = models.folder(1)
    files["model.safetensors.index.json"] = b'{"weight_map": {"a": "other.safetensors"}}'
    hub.add("o/folder", files)
    assert refusal(folder_family()).details["missing"] == ["other.safetensors"]


def test_a_branch_stays_at_its_commit_until_a_refresh(hub):
    repository = hub.add("o/tiny", {NAME: MODEL})
    first = pull(gguf_family())
    repository.files[NAME] = models.gguf(fill=b"v")
    assert pull(gguf_family()).commit == first.commit
    second = pull(gguf_family(), refresh=True)
    assert second.commit != first.commit
    assert second.path.read_bytes() == repository.files[NAME]
    assert pull(gguf_family()).commit == second.commit


def test_a_moved_branch_fetches_only_what_changed(hub):
    repository = hub.add("o/folder", models.folder())
    first = pull(folder_family())
    repository.files["config.json"] = b'{"model_type": "llama", "new": 1}'
    hub.seen.clear()
    second = pull(folder_family(), refresh=True)
    assert [seen.path.rsplit("/", 1)[1] for seen in hub.requests("GET")] == ["config.json"]
    assert second.path != first.path
    assert (second.path / "config.json").read_bytes() == repository.files["config.json"]
    assert (first.path / "config.json").read_bytes() == models.folder()["config.json"]
    assert pull(folder_family(), verify=True) == second


def test_a_tag_and_a_commit_are_revisions(hub):
    repository = hub.add("o/tiny", {NAME: MODEL}, tags=("v1",))
    assert pull(gguf_family(revision="v1")).commit == repository.head()
    before = len(hub.seen)
    assert pull(gguf_family(revision=repository.head())).commit == repository.head()
    assert len(hub.seen) == before


def test_a_commit_that_is_none_is_refused(hub, home):
    hub.add("o/tiny", {NAME: MODEL}, commit="../../x")
    error = refusal(gguf_family())
    assert error.code == "hub-error"
    assert "o/tiny" in error.message
    assert "../../x" in error.why
    assert not list(home.rglob("*.gguf"))


@pytest.mark.parametrize(("field", "value"), [
    ("size", "many"), ("size", -5), ("blobId", 7), ("lfs", {"sha256": "../x", "size": 1,
                                                           "pointerSize": 1})])
def test_what_is_no_size_and_no_hash_is_not_taken_for_one(hub, field, value):
    repository = hub.add("o/tiny", {NAME: MODEL}, lfs_from=1 << 20)
    entry = repository.entry(NAME)
    repository.entry = lambda *_: entry | {field: value}
    located = pull(gguf_family())
    assert located.path.read_bytes() == MODEL
    assert located.files[0].digest == ("size" if field != "size" else f"git-sha1:{entry['blobId']}")


def test_the_disk_is_looked_at_first(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    error = refusal(gguf_family())
    assert error.code == "disk-full"
    assert hub.bytes_sent == 0


def test_what_is_here_of_a_cut_file_needs_no_more_room(hub, home, monkeypatch):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), big[:3 << 20], hashlib.sha256(big).hexdigest())
    free = SimpleNamespace(free=(64 << 20) + (1 << 20) - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    assert refusal(gguf_family()).code == "disk-full"  # one megabyte and its header are missing
    free.free += 1 << 20
    assert pull(gguf_family()).path.read_bytes() == big


def test_a_disk_that_fills_up_meanwhile(hub, monkeypatch):
    import huggingface_hub

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    hub.add("o/tiny", {NAME: MODEL})
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", full)
    assert refusal(gguf_family()).code == "disk-full"


def test_a_data_folder_that_cannot_be_written(hub, home, tmp_path, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "file" / "home"))
    error = refusal(gguf_family())
    assert error.code == "folder-not-writable"
    assert "MODELBOOK_HOME" in error.hint


def test_links_inside_the_folder_are_refused(hub, home, tmp_path):
    repository = hub.add("o/tiny", {"sub/tiny-Q4_K_M.gguf": MODEL})
    folder = home / "models/huggingface/o/tiny" / repository.head()
    folder.mkdir(parents=True)
    (folder / "sub").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    error = refusal(gguf_family(file_template="sub/tiny-{quantization}.gguf"))
    assert error.code == "unsafe-path"
    assert not list((tmp_path / "outside").iterdir())


def test_names_that_differ_by_case_alone_are_refused(hub):
    hub.add("o/folder", {"config.json": b"{}", "Config.json": b"[]",
                         "model.safetensors": models.safetensors()})
    assert refusal(folder_family()).code == "unsafe-path"


def left_behind(home, commit, data, sha256):
    """What an ended process leaves of a file."""
    folder = home / "models/huggingface/o/tiny" / commit / ".cache/huggingface/download"
    folder.mkdir(parents=True)
    part = folder / f"abc=.{sha256}.0a1b2c3d.incomplete"
    part.write_bytes(data)
    return part


def test_what_an_ended_process_left_is_gone_on_with(hub, home):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), big[:3 << 20], hashlib.sha256(big).hexdigest())
    notes = Notes()
    located = pull(gguf_family(), notes)
    assert located.path.read_bytes() == big
    assert [seen.range for seen in hub.requests()] == [f"bytes={3 << 20}-"]
    assert notes.done == notes.total == len(big)
    assert files_under(located.path.parent) == [".modelbook.json", NAME]


def test_a_whole_file_that_was_not_moved_yet_needs_no_request(hub, home):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), big, hashlib.sha256(big).hexdigest())
    assert pull(gguf_family()).path.read_bytes() == big
    assert hub.requests() == []


def test_a_connection_that_is_cut_again_goes_on_too(hub, home):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), big[:2 << 20], hashlib.sha256(big).hexdigest())
    hub.fault("/resolve/", "cut", method="GET", at=1 << 20)
    assert pull(gguf_family()).path.read_bytes() == big
    assert len(hub.requests()) == 2


def test_a_wrong_beginning_is_thrown_away_and_told(hub, home):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), b"x" * (3 << 20), hashlib.sha256(big).hexdigest())
    notes = Notes()
    assert pull(gguf_family(), notes).path.read_bytes() == big
    assert any("arrived damaged" in text for text in notes.notices)


def test_a_beginning_with_holes_is_not_gone_on_with(hub, home):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    part = left_behind(home, repository.head(), b"", hashlib.sha256(big).hexdigest())
    with part.open("r+b") as stream:
        stream.seek(3 << 20)
        stream.write(b"end")
    if part.stat().st_blocks * 512 >= part.stat().st_size:
        pytest.skip("this file system has no holes")
    assert pull(gguf_family()).path.read_bytes() == big
    assert [seen.range for seen in hub.requests()] == [None]


def test_a_hub_without_ranges_sends_it_whole(hub, home, monkeypatch):
    big = models.gguf(values=1 << 20)
    repository = hub.add("o/tiny", {NAME: big})
    left_behind(home, repository.head(), big[:3 << 20], hashlib.sha256(big).hexdigest())
    hub.ranges = False
    notes = Notes()
    assert pull(gguf_family(), notes).path.read_bytes() == big
    assert notes.done == notes.total
