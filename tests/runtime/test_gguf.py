import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import gguf, safetensors
from runtime.errors import UserError
from tests.support import models

GOOD = models.gguf(part=1, parts=3)


def header(tmp_path, data):
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    return gguf.read_header(path)


def refusal(tmp_path, data):
    with pytest.raises(UserError) as caught:
        header(tmp_path, data)
    assert str(tmp_path / "m.gguf") in caught.value.message
    return caught.value


def test_a_good_file(tmp_path):
    found = header(tmp_path, GOOD)
    assert (found.version, found.tensors, found.architecture) == (3, 1, "llama")
    assert (found.part, found.parts) == (1, 3)
    assert found.end == len(GOOD)


@pytest.mark.parametrize("length", [4, 12, 24, 60, 150, len(GOOD) - 1])
def test_every_truncation_is_called_that(tmp_path, length):
    error = refusal(tmp_path, GOOD[:length])
    assert error.code == "model-truncated"
    assert f"{length} bytes" in error.message


@pytest.mark.parametrize(("data", "code", "word"), [
    (b"", "model-damaged", "empty"),
    (b"PK\x03\x04" + GOOD, "model-damaged", "begins with"),
    (b"GGUF" + struct.pack(">I", 3) + GOOD[8:], "model-damaged", "big-endian"),
    (b"GGUF" + struct.pack("<I", 77) + GOOD[8:], "model-damaged", "version 77"),
    (GOOD[:8] + struct.pack("<QQ", 1, 1 << 60) + GOOD[24:], "model-damaged", "keys"),
    (GOOD[:8] + struct.pack("<QQ", 1 << 60, 1) + GOOD[24:], "model-damaged", "tensors"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "lfs-pointer", "pointer"),
])
def test_what_is_wrong_is_said(tmp_path, data, code, word):
    error = refusal(tmp_path, data)
    assert error.code == code
    assert word in error.message


@settings(max_examples=300, deadline=2000)
@given(st.lists(st.tuples(st.integers(0, 220), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_header_never_crashes_or_hangs(tmp_path_factory, edits):
    data = bytearray(GOOD)
    for place, value in edits:
        data[place] = value
    path = tmp_path_factory.mktemp("fuzz") / "m.gguf"
    path.write_bytes(data)
    with contextlib.suppress(UserError):  # anything else is a crash
        gguf.read_header(path)


def test_safetensors(tmp_path):
    path = tmp_path / "m.safetensors"
    good = models.safetensors()
    path.write_bytes(good)
    safetensors.check(path)
    for data, code in (
        (good[:-1], "model-truncated"), (good[:20], "model-truncated"), (b"abc", "model-damaged"),
        (b"", "model-damaged"), (b"\xff" * 300, "model-damaged"),
        (struct.pack("<Q", 4) + b"[[[[", "model-damaged"),
        (struct.pack("<Q", 9) + b'{"a": {}}', "model-damaged"),
        (b"version https://git-lfs.github.com/spec/v1\n", "lfs-pointer"),
    ):
        path.write_bytes(data)
        with pytest.raises(UserError) as caught:
            safetensors.check(path)
        assert caught.value.code == code, data
