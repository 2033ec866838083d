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


def described(**keys):
    """A header with these keys; lists of booleans and whole numbers."""
    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    architecture = keys.pop("architecture", "m")
    data = [text("general.architecture") + struct.pack("<I", 8) + text(architecture)]
    for name, value in keys.items():
        key = text(f"{architecture}." + name.replace("__", "."))
        if isinstance(value, list):
            data.append(key + struct.pack("<IIQ", 9, 7, len(value)) + bytes(value))
        else:
            data.append(key + struct.pack("<II", 4, value))
    whole = b"GGUF" + struct.pack("<IQQ", 3, 0, len(data)) + b"".join(data)
    return gguf.read_metadata(lambda start, end: whole[start:end], "m.gguf").attention


SHAPE = {"block_count": 26, "embedding_length": 1152, "attention__head_count": 4,
         "attention__head_count_kv": 1, "attention__key_length": 256,
         "attention__value_length": 256}


@pytest.mark.parametrize(("keys", "full", "windowed"), [
    ({}, 26, 0), ({"attention__sliding_window": 512}, 26, 0),
    ({"attention__sliding_window": 512, "attention__sliding_window_pattern": 6}, 4, 22),
    ({"attention__sliding_window": 512, "attention__sliding_window_pattern": 0}, 0, 26),
    ({"attention__sliding_window": 512, "attention__sliding_window_pattern": 1}, 26, 0),
    ({"attention__sliding_window": 512,
      "attention__sliding_window_pattern": [True] * 20 + [False] * 6}, 6, 20),
    ({"attention__sliding_window": 512, "attention__sliding_window_pattern": [True]}, 26, 0),
    ({"attention__sliding_window_pattern": 6}, 26, 0),
    ({"attention__shared_kv_layers": 6}, 20, 0),
    ({"full_attention_interval": 4}, 6, 0),
    # What llama.cpp itself knows of an architecture need not be in the header.
    ({"architecture": "gemma3", "attention__sliding_window": 512}, 4, 22),
])
def test_layers_with_a_sliding_window(keys, full, windowed):
    found = described(**SHAPE, **keys)
    assert (found.layers, found.window_layers) == (full, windowed)
    assert found.window == (512 if windowed else 0)


def test_latent_attention_is_compressed_in_files_that_were_made_for_it():
    """As `convert_hf_to_gguf.py` writes DeepSeek-V3 now, and as it did before."""
    shape = {"block_count": 61, "embedding_length": 7168, "attention__head_count": 128,
             "attention__kv_lora_rank": 512, "rope__dimension_count": 64}
    new = described(architecture="deepseek2", **shape, attention__head_count_kv=1,
                    attention__key_length=576, attention__value_length=512,
                    attention__key_length_mla=192, attention__value_length_mla=128)
    assert (new.latent, new.layers) == (576, 61)
    # Engines that keep full keys and values keep those of the heads, not of the latent.
    assert (new.heads, new.key_length, new.value_length) == (128, 192, 128)
    old = described(architecture="deepseek2", **shape, attention__head_count_kv=128,
                    attention__key_length=192, attention__value_length=128)
    assert (old.latent, old.heads, old.key_length, old.value_length) == (0, 128, 192, 128)
