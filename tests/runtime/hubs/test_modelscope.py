"""What is ModelScope's own: revisions without commits, its client's gaps, and a resumed file."""

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from runtime.hubs import modelscope
from runtime.manifest import Locked, LockedFile
from tests.support import models
from tests.support.hubs import ROOT, Notes, folder_family, gguf_family, pull, refusal

MODEL = models.gguf()
NAME = "tiny-Q4_K_M.gguf"


def family(**source):
    return gguf_family(on="modelscope", **source)


def quiet(_):
    pass


def test_the_newest_commit_that_lists_the_same_files_is_the_commit(hub, tmp_path):
    repository = hub.add("o/tiny", {"a.json": b"{}", NAME: MODEL})
    resolved = modelscope.resolve("o/tiny", None, work=tmp_path, notify=quiet)
    assert resolved.commit == repository.head()
    assert {file.path for file in resolved.files} == {"a.json", NAME}
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in resolved.files)


def test_hashes_in_upper_case_are_the_same_hashes(hub):
    hub.add("o/tiny", {NAME: MODEL}, shouting=True)
    located = pull(family())
    assert located.files[0].digest == f"sha256:{hashlib.sha256(MODEL).hexdigest()}"


def test_without_a_commit_the_files_hashes_stand_for_it(hub, tmp_path):
    repository = hub.add("o/tiny", {NAME: MODEL}, commits_known=False)
    located = pull(family())
    assert re.fullmatch(r"master\+[0-9a-f]{32}", located.commit)
    again = modelscope.resolve("o/tiny", located.commit, work=tmp_path, notify=quiet)
    assert again.commit == located.commit
    repository.files[NAME] = models.gguf(fill=b"v")
    moved = pull(family(), refresh=True)
    assert moved.commit != located.commit
    assert moved.path.read_bytes() == repository.files[NAME]


def test_what_was_locked_by_hashes_and_is_gone_is_told(hub):
    repository = hub.add("o/tiny", {NAME: MODEL}, commits_known=False)
    commit = pull(family()).commit
    repository.files[NAME] = models.gguf(fill=b"v")
    locked = Locked(repo_id="o/tiny", commit=commit, checked="2026-11-25",
                    files={"Q4_K_M": [LockedFile(path="other.gguf", size=1, sha256="0" * 64)]})
    error = refusal(family(locked=[locked], file_template="other.gguf"))
    assert error.code == "revision-moved"
    assert "o/tiny on ModelScope" in error.message
    assert "other.gguf is not what was locked" in error.why
    assert "--refresh" in error.hint


def test_another_file_that_changed_leaves_what_was_locked_by_hashes_alone(hub, home):
    card = b"# A card that is in LFS because of its length, as ModelScope has them all, and more"
    repository = hub.add("o/tiny", {NAME: MODEL, "README.md": card}, commits_known=False)
    commit = pull(family()).commit
    repository.files["README.md"] = card[::-1]
    locked = Locked(repo_id="o/tiny", commit=commit, checked="2026-11-25", files={"Q4_K_M": [
        LockedFile(path=NAME, size=len(MODEL), sha256=hashlib.sha256(MODEL).hexdigest())]})
    for hub_name in ("auto", None):
        shutil.rmtree(home)
        located = pull(family(locked=[locked]), hub=hub_name, choosing=lambda _: None)
        assert (located.commit, located.path.read_bytes()) == (commit, MODEL)
    asked = len(hub.seen)
    assert pull(family(locked=[locked])).commit == commit
    assert len(hub.seen) == asked
    repository.files[NAME] = models.gguf(fill=b"v")
    shutil.rmtree(home)
    assert NAME in refusal(family(locked=[locked])).why


def test_a_branch_that_moves_during_the_download_is_told_from_damage(hub):
    other = models.gguf(fill=b"v")
    repository = hub.add("o/tiny", {NAME: MODEL}, commits_known=False)
    hub.fault("/resolve/", "call", call=lambda: repository.move({NAME: other}))
    error = refusal(family())
    assert error.code == "revision-moved"
    assert "master of o/tiny on ModelScope" in error.message
    assert NAME in error.why
    assert pull(family()).path.read_bytes() == other


def test_an_unknown_revision_is_no_empty_repository(hub):
    hub.add("o/tiny", {NAME: MODEL}, tags=("v1",))
    error = refusal(family(revision="main"))
    assert error.code == "revision-missing"
    assert "master" in error.why
    assert "v1" in error.why
    assert pull(family(revision="v1")).path.read_bytes() == MODEL


def test_more_bytes_than_listed_end_the_download(hub, home):
    hub.add("o/tiny", {NAME: models.gguf(values=1 << 20)}, listed={NAME: MODEL})
    error = refusal(family())
    assert error.code in ("wrong-bytes", "stale-hash")
    assert not list(home.rglob("*.gguf"))


def test_names_with_dots_lie_where_they_are_said_to_be(hub, home):
    hub.add("o/Model2-0.5B", {NAME: MODEL})
    located = pull(family(repo_id="o/Model2-0.5B"))
    assert located.path == home / "models/modelscope/o/Model2-0.5B" / located.commit / NAME


def test_no_other_file_of_the_client_stays(hub, home, tmp_path):
    hub.add("o/folder", models.folder())
    pull(folder_family(on="modelscope"))
    assert not list((home / "models").rglob("*.incomplete"))
    assert not list((home / "models").rglob(".work"))
    assert not list(tmp_path.glob("ms-cache/**/*.safetensors"))


@pytest.mark.parametrize(("hidden", "client"), [
    ("modelscope_hub", "modelscope-hub"), ("huggingface_hub", "huggingface_hub")])
def test_without_its_client_it_is_named_as_the_extra_of_the_project_has_it(hidden, client):
    name = hidden.removesuffix("_hub")
    done = subprocess.run([sys.executable, "-c", f"""
import sys
sys.modules[{hidden!r}] = None
from pathlib import Path
from runtime.errors import UserError
from runtime.hubs import load_hub
try:
    load_hub({name!r}).resolve("o/x", None, work=Path("unused"), notify=print)
except UserError as error:
    print(error.code, error.hint)
"""], capture_output=True, text=True, check=False, timeout=60)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = [need for need in extras["optional-dependencies"][name] if need.startswith(client)]
    assert done.stdout == f"client-missing pip install '{wanted}'\n", done.stderr


def test_the_wait_of_a_listing_is_kept_by_all(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/repo/files", "status", status=429, headers={"Retry-After": "1"})
    notes = Notes()
    pull(family(), notes)
    assert "ModelScope limits the rate of requests; waiting 1 s" in notes.notices
    first, second = hub.requests("GET", "/repo/files")[:2]
    assert second.at - first.at >= 1
