"""The tests' own hub, as the bare clients see it: what they expect of a hub, it must give."""

import os
import signal
import subprocess
import sys
import urllib.request

import huggingface_hub
import modelscope_hub
import pytest
from huggingface_hub import errors as hf_errors
from modelscope_hub import errors as ms_errors

from tests.support import models
from tests.support.hubs import ROOT, files_under
from tests.support.hubserver import GOOD_TOKEN

FILES = models.folder() | {"sub/part.gguf": models.gguf(), "empty.txt": b""}


def modelscope(hub, token=""):
    return modelscope_hub.HubApi(endpoint=hub.url, token=token)


def test_a_whole_snapshot_by_hugging_faces_client(hub, tmp_path):
    repository = hub.add("o/folder", FILES)
    huggingface_hub.snapshot_download("o/folder", local_dir=tmp_path / "hf", endpoint=hub.url,
                                      token=False)
    assert {path: (tmp_path / "hf" / path).read_bytes() for path in FILES} == FILES
    api = huggingface_hub.HfApi(endpoint=hub.url, token=False)
    assert api.model_info("o/folder").sha == repository.head()
    checked = api.verify_repo_checksums("o/folder", local_dir=tmp_path / "hf")
    assert not checked.mismatches
    assert checked.checked_count == len(FILES)


def test_a_whole_snapshot_by_modelscopes_client(hub, tmp_path):
    hub.add("o/folder", FILES)
    modelscope(hub).download_repo("o/folder", "model", local_dir=tmp_path / "ms")
    found = {path for path in files_under(tmp_path / "ms") if not path.startswith(".")}
    assert {path: (tmp_path / "ms" / path).read_bytes() for path in found} == {
        path: data for path, data in FILES.items() if not path.startswith(".")}


def test_the_clients_raise_what_they_raise_for_the_real_hubs(hub, tmp_path):
    hub.add("o/gated", {"config.json": b"{}"}, gated=True)
    hub.add("o/open", {"config.json": b"{}"})

    def get(repo_id, path="config.json", **more):
        return huggingface_hub.hf_hub_download(
            repo_id, path, endpoint=hub.url, cache_dir=tmp_path / "cache",
            **{"token": False, **more})

    with pytest.raises(hf_errors.RepositoryNotFoundError):
        get("o/none")
    with pytest.raises(hf_errors.GatedRepoError):
        get("o/gated")
    with pytest.raises(hf_errors.RevisionNotFoundError):
        get("o/open", revision="nope")
    with pytest.raises(hf_errors.RemoteEntryNotFoundError):
        get("o/open", "none.json")
    assert get("o/gated", token=GOOD_TOKEN)
    with pytest.raises(ms_errors.NotExistError):
        modelscope(hub).list_repo_files("o/none", "model")
    with pytest.raises(ms_errors.PermissionDeniedError):
        modelscope(hub).list_repo_files("o/gated", "model")
    with pytest.raises(ms_errors.NotExistError):
        modelscope(hub).download_file("o/open", "model", "none.json")
    assert modelscope(hub).list_repo_files("o/open", "model", revision="nope") == []
    assert modelscope(hub, GOOD_TOKEN).list_repo_files("o/gated", "model")


def test_by_hand_it_serves_a_folder(tmp_path):
    (tmp_path / "o/tiny").mkdir(parents=True)
    (tmp_path / "o/tiny/config.json").write_bytes(b"{}")
    child = subprocess.Popen([sys.executable, "-m", "tests.support.hubserver", str(tmp_path)],
                             cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    line = child.stdout.readline()
    url = line.split()[0].removeprefix("HF_ENDPOINT=")
    with urllib.request.urlopen(f"{url}/o/tiny/resolve/main/config.json", timeout=10) as reply:
        assert reply.read() == b"{}"
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=10)
    assert "Traceback" not in errors
    assert "o/tiny" in line
