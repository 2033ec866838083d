"""Large files are hashed while they arrive; what was not seen in full is hashed again."""

import hashlib

import pytest

from runtime import following
from runtime.following import Follower, worth_following
from tests.support import models
from tests.support.hubs import Notes, gguf_family, pull

NAME = "tiny-Q4_K_M.gguf"
DATA = bytes(range(256)) * (1 << 12)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_a_file_that_grows_and_moves_is_known_without_reading_it_again(tmp_path):
    growing, final = tmp_path / "x.incomplete", tmp_path / "x"
    with Follower(lambda: growing) as follower:
        follower.more(1 << 30)  # it need not be there yet
        with growing.open("wb", buffering=0) as stream:
            for start in range(0, len(DATA), 1 << 16):
                follower.more(1 << 30)
                stream.write(DATA[start:start + (1 << 16)])
        growing.rename(final)
        # It is found only while it grows, as a client's file is; if the thread was late it is not.
        assert follower.digest_of(final) in (sha256(DATA), None)


def test_what_the_thread_has_not_seen_yet_counts(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(DATA[:100])
    with Follower(lambda: path) as follower:
        follower.more(1 << 30)
        with path.open("ab") as stream:
            stream.write(DATA[100:])
        assert follower.digest_of(path) == sha256(DATA)


def test_another_file_in_its_place_is_not_known(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with Follower(lambda: path) as follower:
        follower.more(1 << 30)
        assert follower.digest_of(path) == sha256(DATA)
        other = tmp_path / "y"
        other.write_bytes(DATA)
        other.replace(path)
        assert follower.digest_of(path) is None


def test_a_file_that_was_never_found_is_not_known(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with Follower(lambda: None) as follower:
        follower.more(1 << 30)
        assert follower.digest_of(path) is None


def test_small_files_and_those_without_a_sha256_are_not_followed():
    assert not worth_following(100, "0" * 64)
    assert not worth_following(1 << 30, None)


@pytest.mark.parametrize("on", ["huggingface", "modelscope"])
@pytest.mark.parametrize("fault", ["", "cut", "corrupt"])
def test_with_the_real_clients(hub, monkeypatch, on, fault):
    monkeypatch.setattr(following, "_SMALLEST", 1)
    monkeypatch.setattr(following, "_BLOCK", 1 << 18)
    model = models.gguf(values=1 << 20)
    hub.add("o/tiny", {NAME: model})
    if fault:
        hub.fault("/resolve/", fault, method="GET", at=3 << 20)
    notes = Notes()
    located = pull(gguf_family(on=on), notes)
    assert located.path.read_bytes() == model
    assert located.files[0].digest == f"sha256:{sha256(model)}"
    assert any("damaged" in text for text in notes.notices) == (fault == "corrupt")


@pytest.mark.parametrize("on", ["huggingface", "modelscope"])
def test_it_saves_the_second_reading(hub, monkeypatch, on):
    monkeypatch.setattr(following, "_SMALLEST", 1)
    monkeypatch.setattr(following, "_BLOCK", 1 << 18)
    hub.add("o/tiny", {NAME: models.gguf(values=1 << 21)})
    hub.fault("/resolve/", "slow", method="GET", seconds=0.001)
    read = []
    monkeypatch.setattr("runtime.downloads.check", lambda folder, file, *_: read.append(file))
    pull(gguf_family(on=on))
    assert read == []
