"""The unquantized model's settings beside a quantization of it, for engines that want them."""

import pytest

from runtime.combination import all_combinations
from runtime.local import from_local_hub
from runtime.select import find_family
from tests.support.specs import shipped_manifest

GGUF = b"GGUF" + (3).to_bytes(4, "little") + bytes(16)
ORIGINAL = "ByteDance-Seed/Seed-OSS-36B-Instruct"


@pytest.fixture(scope="module")
def combination():
    manifest = shipped_manifest()
    return next(each for each in all_combinations(manifest, find_family(manifest, "seed-oss"))
                if each.id == "seed-oss/36/ggufv2/Q4_K_M/vLLM")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "unsloth/Seed-OSS-36B-Instruct-GGUF/Seed-OSS-36B-Instruct-Q4_K_M.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(GGUF)
    return tmp_path


def put(folder, *names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("{}")


@pytest.mark.parametrize("where", [ORIGINAL, f"huggingface/{ORIGINAL}"])
def test_it_is_found_in_the_same_local_hub(combination, root, where):
    put(root / where, "config.json", "tokenizer.json")
    assert from_local_hub(combination, root).model.original == root / where


def test_without_a_tokenizer_it_is_of_no_use(combination, root):
    put(root / ORIGINAL, "config.json")
    assert from_local_hub(combination, root).model.original is None


def test_a_download_of_it_is_found_too(combination, root, tmp_path, monkeypatch):
    from runtime.local import model_in

    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home/models/huggingface" / ORIGINAL / ("a" * 40)
    assert model_in(combination, root, ["x.gguf"]).original is None
    put(folder, "config.json", "tokenizer_config.json")
    assert model_in(combination, root, ["x.gguf"]).original == folder
