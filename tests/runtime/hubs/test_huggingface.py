import errno
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.hubs import huggingface
from tests.support import models
from tests.support.hubs import (
    Notes,
    files_under,
    folder_family,
    gguf_family,
    pull,
    refusal,
)
from tests.support.hubserver import GOOD_TOKEN, HubServer

MODEL = models.gguf()
NAME = "tiny-Q4_K_M.gguf"


def test_one_file_arrives_verified_and_is_never_asked_for_again(hub, home):
    hub.add("o/tiny", {NAME: MODEL, "tiny-Q8_0.gguf": models.gguf(values=512), "README.md": b"x"})
    notes = Notes()
    located = pull(gguf_family(), notes)
    assert located.path.read_bytes() == MODEL
    assert located.path == home / "models/huggingface/o/tiny" / located.commit / NAME
    assert located.files[0].digest.startswith("sha256:")
    assert notes.done == notes.total == len(MODEL)
    assert files_under(located.path.parent) == [".modelbook.json", NAME]
    before = len(hub.seen)
    assert pull(gguf_family()) == located
    assert len(hub.seen) == before


def test_a_folder_gets_what_engines_read_and_nothing_else(hub):
    hub.add("o/folder", models.folder())
    located = pull(folder_family())
    assert [f for f in files_under(located.path) if f != ".modelbook.json"] == sorted([
        "LICENSE", "config.json", "tokenizer.json", "model.safetensors.index.json",
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])


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


@pytest.mark.parametrize(("setup", "source", "code"), [
    (lambda hub: None, {}, "repo-missing"),
    (lambda hub: hub.add("o/tiny", {NAME: MODEL}, private=True), {}, "repo-missing"),
    (lambda hub: hub.add("o/tiny", {NAME: MODEL}, gated=True), {}, "gated"),
    (lambda hub: hub.add("o/tiny", {NAME: MODEL}), {"revision": "nope"}, "revision-missing"),
    (lambda hub: hub.add("o/tiny", {NAME: MODEL}, commit="../../x"), {}, "hub-error"),
    (lambda hub: (hub.add("o/tiny", {NAME: MODEL}),
                  hub.fault("/resolve/", "status", status=404, times=-1,
                            headers={"X-Error-Code": "EntryNotFound"})), {}, "file-missing"),
    (lambda hub: (hub.add("o/tiny", {NAME: MODEL}),
                  hub.fault("/resolve/", "status", status=403, times=-1)), {}, "not-permitted"),
    (lambda hub: (hub.add("o/tiny", {NAME: MODEL}),
                  hub.fault("/api/", "status", status=400, times=-1)), {}, "hub-refused"),
])
def test_each_refusal_has_its_own_error_and_what_to_do(hub, home, setup, source, code):
    setup(hub)
    error = refusal(gguf_family(**source))
    assert error.code == code
    assert "o/tiny" in error.message
    assert error.hint
    assert error.exit_code == 1
    assert not list(home.rglob("*.gguf"))


def test_a_token_opens_a_gated_repository_when_the_endpoint_is_trusted(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL}, gated=True)
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    assert refusal(gguf_family()).code == "gated"
    assert not [seen for seen in hub.seen if seen.authorization]
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    assert pull(gguf_family()).path.is_file()


@pytest.mark.parametrize("part", ["/api/", "/resolve/"])
def test_a_server_error_is_tried_again(hub, part):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(part, "status", status=503, method="GET", times=2)
    assert pull(gguf_family()).path.read_bytes() == MODEL


def test_a_lasting_server_error_is_told(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/api/", "status", status=500, times=-1)
    error = refusal(gguf_family())
    assert error.code == "hub-error"
    assert "500" in error.message


def test_a_hub_that_does_not_answer_ends_in_time(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/api/", "stall", times=-1)
    monkeypatch.setattr(huggingface, "_TIMEOUT", 0.2)
    started = time.monotonic()
    assert refusal(gguf_family()).code == "hub-timeout"
    assert time.monotonic() - started < 15


def test_nobody_listens(home, monkeypatch):
    with HubServer() as gone:
        url = gone.url
    monkeypatch.setenv("HF_ENDPOINT", url)
    error = refusal(gguf_family())
    assert error.code == "hub-unreachable"
    assert error.details["missing"] == [NAME]


def test_a_cut_connection_is_resumed_within_the_process(hub, monkeypatch):
    big = models.gguf(values=1 << 20)
    hub.add("o/tiny", {NAME: big})
    hub.fault("/resolve/", "cut", method="GET", at=3 << 20)
    assert pull(gguf_family()).path.read_bytes() == big
    ranges = [seen.range for seen in hub.requests() if seen.range]
    assert ranges
    assert int(ranges[0].removeprefix("bytes=").rstrip("-")) >= 1 << 20


def test_the_disk_is_looked_at_first(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    error = refusal(gguf_family())
    assert error.code == "disk-full"
    assert hub.bytes_sent == 0


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


HOSTILE = ["../../evil.json", "/etc/evil.json", "..\\..\\evil.json", "C:\\evil.json", "CON.json",
           "a/../../evil.json", "nul.txt", ".cache/huggingface/x.json", "x.json "]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_in_a_listing_write_nothing_outside(hub, home, tmp_path, name):
    hub.add("o/folder", {"config.json": b"{}", "model.safetensors": models.safetensors(),
                         name: b"EVIL"})
    outside = set(tmp_path.parent.glob("evil*"))
    if name in ("a/../../evil.json", ".cache/huggingface/x.json", "x.json "):
        located = pull(folder_family())  # it is not needed, so it is not fetched
        assert {path.name for path in located.path.iterdir()} == {
            "config.json", "model.safetensors", ".modelbook.json"}
    else:
        assert refusal(folder_family()).code == "unsafe-path"
        assert hub.bytes_sent == 0
    assert set(tmp_path.parent.glob("evil*")) == outside
    assert not Path("/etc/evil.json").exists()


def test_names_that_differ_by_case_alone_are_refused(hub):
    hub.add("o/folder", {"config.json": b"{}", "Config.json": b"[]",
                         "model.safetensors": models.safetensors()})
    assert refusal(folder_family()).code == "unsafe-path"
