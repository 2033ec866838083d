"""A GGUF source whose file nobody names, as `--keep-claims` compiles it: told, never guessed."""

import json

import pytest
from msgspec.structs import replace

from runtime import drafting
from runtime.errors import UserError
from runtime.fetch import Options, ensure, preview
from runtime.manifest import Draft, encode
from runtime.select import Wish, select
from tests.support import catalogue, models
from tests.support.hubs import gguf_family, runtime
from tests.support.specs import shipped_manifest
from tests.support.stand_in import ID

FAMILY = gguf_family(file_template=None)


def chosen(family=FAMILY, **wish):
    return select(catalogue.manifest(family), Wish(name=family.name, **wish))


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")


@pytest.mark.parametrize("find", [preview, ensure])
def test_no_hub_is_asked_for_it(find):
    with pytest.raises(UserError, match="does not say which file of o/tiny is Q4_K_M") as caught:
        find(chosen())
    assert caught.value.code == "file-unnamed"
    assert "--model-path" in caught.value.hint


def test_a_local_hub_is_told_the_same(tmp_path):
    (tmp_path / "hub/o/tiny").mkdir(parents=True)
    with pytest.raises(UserError) as caught:
        ensure(chosen(hub="local"), Options(hub_root=tmp_path / "hub"))
    assert caught.value.code == "file-unnamed"


def test_a_file_that_the_user_names_is_taken(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(models.gguf())
    assert ensure(chosen(), Options(model_path=path)).path == path


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_pull_says_so(tmp_path, more):
    manifest = catalogue.write(catalogue.manifest(FAMILY), tmp_path)
    done = runtime("pull", "-n", "tiny", *more, "--format", "json", "--manifest", str(manifest))
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "file-unnamed"


def test_launch_and_verify_say_so(bench):
    manifest = shipped_manifest()
    families = [replace(family, specs=[replace(spec, hubs=[
        replace(hub, file_template=None, locked=[]) for hub in spec.hubs])
        for spec in family.specs])
        for family in manifest.families if family.name == "smollm2"]
    bench.manifest.write_bytes(encode(replace(manifest, families=families)))
    for more in (["--dry-run"], []):
        done = bench.run("launch", "-e", "llama.cpp", "-n", "smollm2", "-q", "Q4_1",
                         "--format", "json", *more)
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout)["error"]["code"] == "file-unnamed"
    done = bench.run("verify", ID, "--level", "load", "--format", "json")
    [record] = json.loads(done.stdout)["records"]
    assert (record["outcome"], record["level"]) == ("failed", "plan")
    assert "does not say which file" in record["reason"]


def test_a_draft_model_without_one_leaves_a_launch_without_it_open(tmp_path):
    combination = chosen(gguf_family(draft=Draft(repo_id="o/small")), hub="local")
    assert drafting.expected(combination).draft.name == "FILE"
    folder = tmp_path / "hub/o/tiny"
    folder.mkdir(parents=True)
    (folder / "tiny-Q4_K_M.gguf").write_bytes(models.gguf())
    (tmp_path / "hub/o/small").mkdir()
    options = Options(hub_root=tmp_path / "hub")
    with pytest.raises(UserError) as caught:
        ensure(combination, options)
    assert caught.value.code == "file-unnamed"
    assert ensure(drafting.without(combination), options).path == folder / "tiny-Q4_K_M.gguf"
