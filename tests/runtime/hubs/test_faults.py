"""What hubs, mirrors and networks do wrong, against both hubs with their real clients.

What one hub alone does is in its own module.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import catalogue, models
from tests.support.hubs import (
    ROOT,
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
TITLES = {"huggingface": "Hugging Face", "modelscope": "ModelScope"}
#: Part of the path of the request for a listing.
LISTING = {"huggingface": "/api/models/", "modelscope": "/repo/files"}


@pytest.fixture(params=list(TITLES))
def on(request):
    """The hub."""
    return request.param


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_one_file_arrives_verified_and_is_never_asked_for_again(hub, home, on):
    hub.add("o/tiny", {NAME: MODEL, "tiny-Q8_0.gguf": models.gguf(values=512), "README.md": b"x"})
    notes = Notes()
    located = pull(gguf_family(on=on), notes)
    assert located.path == home / "models" / on / "o/tiny" / located.commit / NAME
    assert located.path.read_bytes() == MODEL
    assert located.files[0].digest == f"sha256:{sha256(MODEL)}"
    assert notes.done == notes.total == len(MODEL)
    assert files_under(located.path.parent) == [".modelbook.json", NAME]
    before = len(hub.seen)
    assert pull(gguf_family(on=on)) == located
    assert len(hub.seen) == before


def test_a_folder_gets_what_engines_read_and_nothing_else(hub, on):
    hub.add("o/folder", models.folder())
    located = pull(folder_family(on=on))
    assert [f for f in files_under(located.path) if f != ".modelbook.json"] == sorted([
        "LICENSE", "config.json", "tokenizer.json", "model.safetensors.index.json",
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])


def test_the_parts_of_a_split_file_keep_their_folder_and_names(hub, on):
    parts = {f"Q4_K_M/tiny-Q4_K_M-0000{i}-of-00002.gguf": models.gguf(part=i - 1, parts=2)
             for i in (1, 2)}
    hub.add("o/tiny", {**parts, "tiny-Q4_K_S.gguf": MODEL, "mmproj-F16.gguf": MODEL})
    located = pull(gguf_family(
        on=on, split_file_template="{quantization}/tiny-{quantization}-{part}.gguf",
        split_parts={"Q4_K_M": ["00001-of-00002", "00002-of-00002"]}))
    assert [file.path for file in located.files] == list(parts)
    assert located.path.name == "tiny-Q4_K_M-00001-of-00002.gguf"
    assert sorted(path.name for path in located.path.parent.iterdir()) == [
        Path(path).name for path in parts]


def test_a_cut_connection_is_resumed_within_the_process(hub, on):
    big = models.gguf(values=1 << 20)
    hub.add("o/tiny", {NAME: big})
    hub.fault("/resolve/", "cut", method="GET", at=3 << 20)
    notes = Notes()
    assert pull(gguf_family(on=on), notes).path.read_bytes() == big
    ranges = [seen.range for seen in hub.requests() if seen.range]
    assert int(ranges[0].removeprefix("bytes=").split("-")[0]) >= 1 << 20
    assert notes.done == notes.total


def test_after_a_kill_finished_files_are_kept_and_the_cut_one_goes_on(hub, home, tmp_path, on):
    big = models.safetensors(1 << 21)
    hub.add("o/folder", models.folder() | {"model-00002-of-00002.safetensors": big})
    hub.fault("model-00002", "slow", method="GET", seconds=0.03)
    manifest = catalogue.write(catalogue.manifest(folder_family(on=on)), tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "pull", "-n", "folder", "--manifest", str(manifest)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not [path for path in home.rglob("*.incomplete") if path.stat().st_size >= 1 << 16]:
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    hub.seen.clear()
    located = pull(folder_family(on=on))
    assert (located.path / "model-00002-of-00002.safetensors").read_bytes() == big
    again = hub.requests()
    assert {seen.path.rsplit("/", 1)[1] for seen in again} <= {"model-00002-of-00002.safetensors"}
    assert int(again[0].range.removeprefix("bytes=").rstrip("-")) >= 1 << 14
    assert not list(home.rglob("*.incomplete"))


def test_wrong_bytes_of_the_right_size_are_fetched_once_more(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "corrupt", method="GET")
    notes = Notes()
    assert pull(gguf_family(on=on), notes).path.read_bytes() == MODEL
    assert any("damaged" in text for text in notes.notices)


def test_lasting_wrong_bytes_are_told_with_both_hashes_and_not_kept(hub, home, on):
    other = models.gguf(fill=b"x")
    hub.add("o/tiny", {NAME: other}, listed={NAME: MODEL})
    error = refusal(gguf_family(on=on))
    assert error.code == "stale-hash"
    assert f"{NAME} of o/tiny on {TITLES[on]}" in error.message
    assert sha256(MODEL) in error.why
    assert sha256(other) in error.why
    assert error.hint
    assert not list(home.rglob("*.gguf"))


POINTER = (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64
           + b"\nsize 1234\n")


@pytest.mark.parametrize("listed", [MODEL, POINTER[:-1] + b" ", POINTER],
                         ids=["the-file", "its-size", "itself"])
def test_a_pointer_text_instead_of_the_file(hub, home, on, listed):
    hub.add("o/tiny", {NAME: POINTER}, listed={NAME: listed})
    error = refusal(gguf_family(on=on))
    assert error.code == "lfs-pointer"
    assert f"{NAME} of o/tiny on {TITLES[on]}" in error.message
    assert f"{len(listed)} bytes were expected" in error.why
    assert error.hint
    assert not list(home.rglob("*.gguf"))


@pytest.mark.parametrize(("setup", "source", "code"), [
    (lambda hub, on: None, {}, "repo-missing"),
    (lambda hub, on: hub.add("o/tiny", {NAME: MODEL}, private=True), {}, "repo-missing"),
    (lambda hub, on: hub.add("o/tiny", {NAME: MODEL}, gated=True), {}, "gated"),
    (lambda hub, on: hub.add("o/tiny", {NAME: MODEL}), {"revision": "nope"}, "revision-missing"),
    (lambda hub, on: (hub.add("o/tiny", {NAME: MODEL}),
                      hub.fault("/resolve/", "status", status=401, times=-1)), {}, "not-permitted"),
    (lambda hub, on: (hub.add("o/tiny", {NAME: MODEL}),
                      hub.fault("/resolve/", "status", status=403, times=-1)), {}, "not-permitted"),
    (lambda hub, on: (hub.add("o/tiny", {NAME: MODEL}), hub.fault(
        "/resolve/", "status", status=404, times=-1, headers={"X-Error-Code": "EntryNotFound"})),
     {}, "file-missing"),
    (lambda hub, on: (hub.add("o/tiny", {NAME: MODEL}),
                      hub.fault(LISTING[on], "status", status=400, times=-1)), {}, "hub-refused"),
], ids=["missing", "private", "gated", "revision", "401", "403", "404", "400"])
def test_each_refusal_has_its_own_error_and_what_to_do(hub, home, on, setup, source, code):
    setup(hub, on)
    started = time.monotonic()
    error = refusal(gguf_family(on=on, **source))
    assert error.code == code
    assert "o/tiny" in error.message
    assert TITLES[on] in error.message
    assert error.hint
    assert error.exit_code == 1
    assert not list(home.rglob("*.gguf"))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("where", ["listing", "file"])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["bare", "retry-after"])
def test_a_rate_limit_is_waited_out(hub, on, where, headers):
    hub.add("o/tiny", {NAME: MODEL})
    part = LISTING[on] if where == "listing" else NAME
    hub.fault(part, "status", status=429, method="GET", headers=headers)
    notes = Notes()
    assert pull(gguf_family(on=on), notes).path.read_bytes() == MODEL
    first, second = hub.requests("GET", part)[:2]
    assert second.at - first.at >= (1.0 if headers else 0.0)


@pytest.mark.parametrize("where", ["listing", "file"])
def test_an_absurd_wait_is_reported_instead(hub, on, where):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on] if where == "listing" else "/resolve/", "status", status=429, times=-1,
              headers={"Retry-After": "86400"})
    notes = Notes()
    error = refusal(gguf_family(on=on), notes)
    assert error.code == "rate-limited"
    assert "o/tiny" in error.message
    assert (NAME in error.message) == (where == "file")
    assert "86400" in error.why
    assert "token" in error.hint
    assert notes.notices == []  # and it is asked no second time


@pytest.mark.parametrize("body", [
    b"[]", b"1", b'{"siblings": [1]}', b'{"Code": 200, "Data": {"Files": [1]}}', b"[" * 100_000,
    b"<html><title>Log in to the hotel</title></html>", b'{"Data": [], "sha": 1, "siblings": 2}',
    b'{"siblings": [{"rfilename": 1, "size": "x", "lfs": 1}]}', b'{"Data": {"Files": 5}}',
], ids=lambda body: body[:30].decode())
def test_an_answer_that_is_no_listing(hub, on, body):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on], "status", status=200, times=-1, body=body)
    error = refusal(gguf_family(on=on))
    assert error.exit_code == 1
    assert "o/tiny" in error.message
    assert "XET" not in error.hint


def test_an_endless_listing_is_cut_off(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on], "endless", seconds=0, times=-1)
    error = refusal(gguf_family(on=on))
    assert error.message == f"{TITLES[on]} answers without an end"
    assert error.hint
    assert len(hub.requests("GET", LISTING[on])) == 1


def test_a_dripping_listing_is_given_up(hub, on, monkeypatch):
    monkeypatch.setattr("runtime.hubs.answers._PATIENCE", 0.2)
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on], "endless", seconds=0.05, times=-1)
    started = time.monotonic()
    assert refusal(gguf_family(on=on)).code == "hub-timeout"
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("where", ["/api/models/", "/resolve/"])
def test_a_failing_hub_that_asks_for_an_absurd_wait(hub, where):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(where, "status", status=503, times=-1, headers={"Retry-After": "100000"})
    error = refusal(gguf_family())
    assert "fails with 503" in error.message
    assert error.why == "it asks for a wait of 100000 s"


def test_a_hub_that_fails_to_serve_a_file_is_told_of_meanwhile(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "status", status=503, times=2, method="HEAD")
    notes = Notes()
    assert pull(gguf_family(), notes).path.read_bytes() == MODEL
    assert notes.notices[0] == "Hugging Face fails to serve a file; trying again in 1 s"


def test_a_token_that_a_mirror_is_not_given_is_told_of(hub, on, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL}, gated=True)
    assert "token that may read it" in refusal(gguf_family(on=on)).hint
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", GOOD_TOKEN)
    error = refusal(gguf_family(on=on))
    assert error.code == "gated"
    assert f"set MODELBOOK_SEND_TOKEN=1 if {hub.url} may see it too" in error.hint
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    assert pull(gguf_family(on=on)).path.read_bytes() == MODEL


@pytest.mark.parametrize("stated", ["nonsense", "ftp://x", "https://"])
def test_an_endpoint_that_is_no_address(hub, monkeypatch, stated):
    monkeypatch.setenv("HF_ENDPOINT", stated)
    notes = Notes()
    error = refusal(gguf_family(), notes)
    assert error.message.startswith("HF_ENDPOINT is no address: ")
    assert "https://huggingface.co" in error.hint
    assert error.exit_code == 2
    assert notes.notices == []


def test_a_shorter_file_than_listed_is_told_with_both_sizes(hub, home, on):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "short", at=100, times=-1, method="GET")
    error = refusal(gguf_family(on=on))
    assert f"{NAME} of o/tiny" in error.message
    assert f"{len(MODEL)} bytes, found 100 bytes" in error.why
    assert error.hint
    assert not list(home.rglob("*.gguf"))


def test_a_reply_that_is_none_is_told(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on], "status", status=200, times=-1)
    error = refusal(gguf_family(on=on))
    assert "o/tiny" in error.message
    assert error.hint


def test_a_circle_of_redirects_ends(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/resolve/", "status", status=302, times=-1,
              headers={"Location": f"{hub.url}/o/tiny/resolve/main/{NAME}"})
    error = refusal(gguf_family(on=on))
    assert error.code == "hub-unreachable"
    assert f"{NAME} of o/tiny" in error.message
    assert "redirect" in error.why


@pytest.mark.parametrize("where", ["listing", "file"])
def test_a_server_error_is_tried_again_and_a_lasting_one_told(hub, on, where):
    hub.add("o/tiny", {NAME: MODEL})
    part = LISTING[on] if where == "listing" else "/resolve/"
    fault = hub.fault(part, "status", status=503, times=-1, method="GET")
    error = refusal(gguf_family(on=on))
    assert error.code == "hub-error"
    assert "503" in error.message
    assert "o/tiny" in error.message
    fault.times = 1
    assert pull(gguf_family(on=on)).path.read_bytes() == MODEL


def test_a_slow_body_arrives(hub, on):
    big = models.gguf(values=1 << 14)
    hub.add("o/tiny", {NAME: big})
    hub.fault("/resolve/", "slow", method="GET", seconds=0.05)
    assert pull(gguf_family(on=on)).path.read_bytes() == big


@pytest.mark.parametrize("where", ["listing", "file"])
def test_silence_ends_in_time(hub, on, monkeypatch, where):
    from runtime.hubs import huggingface

    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING[on] if where == "listing" else "/resolve/", "stall", times=-1, method="GET")
    monkeypatch.setattr(huggingface, "_TIMEOUT", 0.2)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    monkeypatch.setattr("modelscope_hub._legacy_api.DOWNLOAD_TIMEOUT", 0.2)
    monkeypatch.setattr("modelscope_hub._legacy_api.REPO_TREE_PAGE_TIMEOUT_SECONDS", 0.2)
    started = time.monotonic()
    error = refusal(gguf_family(on=on))
    assert error.code == "hub-timeout"
    assert "o/tiny" in error.message
    assert time.monotonic() - started < 20


def test_nobody_listens(home, monkeypatch, on):
    with HubServer() as gone:
        url = gone.url
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", url)
    error = refusal(gguf_family(on=on))
    assert error.code == "hub-unreachable"
    assert error.details["missing"] == [NAME]
    assert NAME in error.why


def test_a_branch_that_moves_meanwhile_changes_nothing(hub, on):
    repository = hub.add("o/tiny", {NAME: MODEL})
    head = repository.head()
    hub.fault("/resolve/", "call", call=lambda: repository.move({NAME: models.gguf(fill=b"v")}))
    located = pull(gguf_family(on=on))
    assert located.commit == head
    assert located.path.read_bytes() == MODEL


HOSTILE = ["../../evil.json", "/etc/evil.json", "..\\..\\evil.json", "C:\\evil.json", "CON.json",
           "a/../../evil.json", "nul.txt", "\\\\host\\share\\evil.json", "x.json:stream",
           ".cache/huggingface/x.json", "x.json "]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_would_leave_the_folder_write_nothing(hub, home, tmp_path, on, name):
    hub.add("o/folder", {"config.json": b"{}", "model.safetensors": models.safetensors(),
                         name: b"EVIL"})
    before = set(tmp_path.parent.rglob("*evil*"))
    if name in ("a/../../evil.json", "x.json:stream", ".cache/huggingface/x.json", "x.json "):
        located = pull(folder_family(on=on))  # it is not needed, so it is not fetched
        assert {path.name for path in located.path.iterdir()} == {
            "config.json", "model.safetensors", ".modelbook.json"}
    else:
        error = refusal(folder_family(on=on))
        assert error.code == "unsafe-path"
        assert repr(name) in error.message
        assert hub.bytes_sent == 0
    assert set(tmp_path.parent.rglob("*evil*")) == before
    assert not Path("/etc/evil.json").exists()


@pytest.fixture
def token(monkeypatch):
    """The user has logged in to both hubs."""
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", GOOD_TOKEN)


def test_a_custom_endpoint_gets_no_token_unless_it_is_trusted(hub, on, token, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL}, gated=True)
    assert refusal(gguf_family(on=on)).code == "gated"
    assert not [seen for seen in hub.seen if GOOD_TOKEN in (seen.authorization or "")]
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    assert pull(gguf_family(on=on)).path.is_file()


def test_a_redirect_to_another_host_gets_no_token(hub, on, token, monkeypatch):
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    with HubServer("127.0.0.2") as other:
        other.add("o/tiny", {NAME: MODEL})
        hub.add("o/tiny", {NAME: MODEL}, redirect=other.url)
        assert pull(gguf_family(on=on)).path.read_bytes() == MODEL
        assert [seen for seen in hub.seen if GOOD_TOKEN in (seen.authorization or "")]
        assert other.seen
        assert not [seen for seen in other.seen if seen.authorization]


def test_the_token_shows_in_no_message_and_no_file(hub, home, tmp_path, on, token, monkeypatch):
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    hub.add("o/tiny", {NAME: MODEL}, gated=True)
    hub.fault("/resolve/", "status", status=500, method="GET", times=-1)
    notes = Notes()
    error = refusal(gguf_family(on=on), notes)
    assert GOOD_TOKEN not in f"{error.message} {error.why} {error.hint} {error.details}"
    hub.faults.clear()
    assert pull(gguf_family(on=on), notes).path.is_file()
    assert GOOD_TOKEN not in " ".join([*notes.notices, *notes.labels])
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or GOOD_TOKEN.encode() not in path.read_bytes()
