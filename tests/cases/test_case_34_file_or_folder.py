"""The engine is given the file for GGUF and the folder for every other format."""

import pytest

from runtime import fetch
from runtime.select import Wish, select
from tests.support import catalogue, models
from tests.support.hubs import folder_family, gguf_family, pull, refusal


def test_from_a_hub(hub):
    hub.add("o/tiny", {"tiny-Q4_K_M.gguf": models.gguf()})
    hub.add("o/folder", models.folder())
    assert pull(gguf_family()).path.name == "tiny-Q4_K_M.gguf"
    located = pull(folder_family())
    assert located.path == located.model.folder
    assert located.path.is_dir()


@pytest.mark.parametrize("layout", ["o/folder", "huggingface/o/folder"])
def test_from_a_local_hub(tmp_path, home, layout, monkeypatch):
    folder = tmp_path / "hub" / layout
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes({"config.json": b"{}"}.get(name, models.safetensors()))
    combination = select(catalogue.manifest(folder_family()), Wish(name="folder", hub="local"))
    monkeypatch.setenv("MODELBOOK_LOCAL_HUB", str(tmp_path / "hub"))
    assert fetch.ensure(combination).path == folder


def test_from_a_path(tmp_path):
    path = tmp_path / "any name.gguf"
    path.write_bytes(models.gguf())
    assert pull(gguf_family(), model_path=path).path == path
    assert pull(gguf_family(), model_path=tmp_path).path == path
    (tmp_path / "empty").mkdir()
    error = refusal(gguf_family(), model_path=tmp_path / "empty")
    assert error.message.endswith("empty holds no GGUF model")
    error = refusal(folder_family(), model_path=path)
    assert (error.code, error.exit_code) == ("model-path-kind", 2)
    assert refusal(folder_family(), model_path=tmp_path).code == "files-missing"
    assert refusal(gguf_family(), model_path=tmp_path / "no").code == "model-missing"
    (tmp_path / "second.gguf").write_bytes(models.gguf())
    assert "any name.gguf, second.gguf" in refusal(gguf_family(), model_path=tmp_path).message
