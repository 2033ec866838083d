"""The local hub: a folder of repositories, used in place and held to what is pinned or locked."""

import hashlib
import json
import os

import pytest

from runtime.errors import MisuseError, UserError
from runtime.hubs import load_hub
from runtime.manifest import Locked, LockedFile
from tests.support import catalogue, models
from tests.support.hubs import (
    Notes,
    files_under,
    folder_family,
    gguf_family,
    pull,
    refusal,
    runtime,
)

MODEL = models.gguf()
NAME = "tiny-Q4_K_M.gguf"


@pytest.fixture
def root(home, tmp_path, monkeypatch):
    """A root with one repository; no network is allowed."""
    monkeypatch.setenv("MODELBOOK_LOCAL_HUB", str(tmp_path / "root"))
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    put(tmp_path / "root" / "o/tiny", {NAME: MODEL, "README.md": b"# tiny"})
    return tmp_path / "root"


def put(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def resolve(tmp_path, repo_id="o/tiny", revision=None, notify=lambda _: None):
    return load_hub("local").resolve(repo_id, revision, work=tmp_path / "work", notify=notify)


def locked(data=MODEL, path=NAME, commit="0" * 40):
    file = LockedFile(path=path, size=len(data), sha256=sha256(data))
    return [Locked(repo_id="o/tiny", commit=commit, checked="2026-11-25",
                   files={"Q4_K_M": [file]})]


def family(**more):
    return gguf_family(on="local", **more)


def test_it_does_what_every_hub_does(root, tmp_path):
    hub = load_hub("local")
    resolved = resolve(tmp_path)
    assert {file.path: (file.size, file.sha256) for file in resolved.files} == {
        NAME: (len(MODEL), sha256(MODEL)), "README.md": (6, sha256(b"# tiny"))}
    model = next(file for file in resolved.files if file.path == NAME)
    rest = {"work": tmp_path / "work", "notify": lambda _: None}
    assert hub.read_range(resolved, model, 0, 4, **rest) == b"GGUF"
    assert hub.read_range(resolved, model, len(MODEL) - 2, len(MODEL) + 9, **rest) == b"ww"
    counted = []
    hub.fetch(resolved, model, tmp_path / "target", again=False, advance=counted.append, **rest)
    assert (tmp_path / "target" / NAME).read_bytes() == MODEL
    assert sum(counted) == len(MODEL)
    assert files_under(tmp_path / "target") == [NAME]


def test_its_commit_follows_from_names_and_bytes_alone(root, tmp_path):
    first = resolve(tmp_path).commit
    assert len(first) == 40
    os.utime(root / "o/tiny" / NAME)
    assert resolve(tmp_path).commit == first
    assert resolve(tmp_path, revision=first).commit == first
    (root / "o/tiny/README.md").write_bytes(b"# Tiny")
    assert resolve(tmp_path).commit != first
    with pytest.raises(UserError) as caught:
        resolve(tmp_path, revision=first)
    assert caught.value.code == "revision-missing"
    assert "o/tiny in the local hub" in caught.value.message
    assert resolve(tmp_path).commit in caught.value.why


def test_files_are_hashed_once_as_long_as_nobody_touches_them(root, tmp_path, monkeypatch):
    resolve(tmp_path)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert len(resolve(tmp_path).files) == 2
    (root / "o/tiny/README.md").write_bytes(b"other")
    with pytest.raises(TypeError):
        resolve(tmp_path)


def test_what_is_remembered_goes_with_the_file_and_may_be_garbage(root, home, tmp_path):
    resolve(tmp_path)
    (root / "o/tiny/README.md").unlink()
    put(root / "o/tiny", {"LICENSE": b"free"})
    resolve(tmp_path)
    assert {path.rsplit("/", 1)[1] for path in json.loads(
        (home / "local-hub.json").read_text())} == {NAME, "LICENSE"}
    (home / "local-hub.json").write_text("[1, 2")
    assert len(resolve(tmp_path).files) == 2


def test_a_repository_by_hub_comes_before_one_by_its_id_alone(root, tmp_path):
    put(root / "local/o/tiny", {NAME: models.gguf(fill=b"x")})
    assert [file.path for file in resolve(tmp_path).files] == [NAME]


def test_what_is_not_there(root, tmp_path, monkeypatch):
    with pytest.raises(UserError) as caught:
        resolve(tmp_path, "o/none")
    assert caught.value.code == "repo-missing"
    assert str(root / "o/none") in caught.value.why
    with pytest.raises(UserError) as caught:
        resolve(tmp_path, "../outside")
    assert caught.value.code == "unsafe-path"
    monkeypatch.delenv("MODELBOOK_LOCAL_HUB")
    with pytest.raises(MisuseError) as caught:
        resolve(tmp_path)
    assert "MODELBOOK_LOCAL_HUB" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="names that Windows has not")
@pytest.mark.parametrize("name", ["a:b.json", "CON.json", "x\\y.json", "x.json ", ".git/config"])
def test_names_that_do_not_mean_the_same_everywhere_are_left_out(root, tmp_path, name):
    before = resolve(tmp_path)
    put(root / "o/tiny", {name: b"EVIL"})
    assert resolve(tmp_path).files == before.files


def test_a_spec_that_names_it_uses_the_file_in_place(root):
    located = pull(family())
    assert located.path == root / "o/tiny" / NAME
    assert (located.hub, located.commit) == ("local", "")


def test_a_pinned_revision_is_held_to(root, tmp_path):
    commit = resolve(tmp_path).commit
    assert pull(family(revision=commit)).commit == commit
    (root / "o/tiny" / NAME).write_bytes(models.gguf(fill=b"x"))
    assert refusal(family(revision=commit)).code == "revision-missing"
    assert pull(family(revision=commit), refresh=True).path.is_file()


def test_locked_hashes_are_held_to_and_nothing_else_is_hashed(root, home):
    put(root / "o/tiny", {"tiny-Q8_0.gguf": models.gguf()})
    located = pull(family(locked=locked()))
    assert located.commit == "0" * 40
    assert [file.digest for file in located.files] == [f"sha256:{sha256(MODEL)}"]
    assert list(json.loads((home / "local-hub.json").read_text())) == [
        str(root / "o/tiny" / NAME)]


def test_wrong_bytes_of_the_right_size_are_told_with_both_hashes_and_left_alone(root):
    other = models.gguf(fill=b"x")
    (root / "o/tiny" / NAME).write_bytes(other)
    error = refusal(family(locked=locked()))
    assert error.code == "stale-lock"
    assert f"{NAME} of o/tiny in the local hub" in error.message
    assert sha256(MODEL) in error.why
    assert sha256(other) in error.why
    assert "compiler lock tiny" in error.hint
    assert "--refresh" in error.hint
    assert (root / "o/tiny" / NAME).read_bytes() == other
    assert pull(family(locked=locked()), refresh=True).path.is_file()


def test_other_files_in_the_place_of_a_hubs_are_not_held_to_its_lock(root):
    (root / "o/tiny" / NAME).write_bytes(models.gguf(fill=b"x"))
    assert pull(gguf_family(locked=locked()), hub="local").path.is_file()


def test_a_pointer_text_instead_of_the_file(root):
    (root / "o/tiny" / NAME).write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1234\n")
    error = refusal(family())
    assert error.code in ("lfs-pointer", "model-damaged")
    assert str(root / "o/tiny" / NAME) in error.message
    assert "Git LFS" in error.message + error.why


def test_a_missing_locked_side_file_is_named(root):
    put(root / "o/folder", {"config.json": b"{}", "model.safetensors": models.safetensors()})
    hubs = [catalogue.hub("local", "o/folder", ["none"], locked=[Locked(
        repo_id="o/folder", commit="0" * 40, checked="2026-11-25", files={"none": [
            LockedFile(path="tokenizer.json", size=2, sha256=sha256(b"{}"))]})])]
    error = refusal(catalogue.family("folder", [catalogue.spec(
        "pytorch", "1", ["none"], hubs, [catalogue.claim("Transformers", ["none"])])]))
    assert str(root / "o/folder/tokenizer.json") in error.message
    assert error.hint


def test_auto_takes_it_where_it_is_and_says_so(root):
    said = []
    both = catalogue.family("tiny", [catalogue.spec("ggufv2", "1", ["Q4_K_M"], [
        catalogue.hub(name, "o/tiny", ["Q4_K_M"], file_template="tiny-{quantization}.gguf")
        for name in ("huggingface", "local")], [catalogue.claim("llama.cpp", ["Q4_K_M"])])])
    assert pull(both, hub="auto", choosing=said.append).hub == "local"
    assert said == ["--hub auto: the local hub, since o/tiny is here from there already"]


def test_auto_tells_why_it_is_not_taken(root):
    (root / "o/tiny" / NAME).unlink()
    said = []
    with pytest.raises(UserError) as caught:
        pull(family(), hub="auto", choosing=said.append)
    assert caught.value.code == "files-missing"
    assert NAME in caught.value.message


def test_pull_says_what_was_verified_and_what_was_not(root, tmp_path):
    def said(made):
        manifest = catalogue.write(catalogue.manifest(made), tmp_path)
        done = runtime("pull", "-n", "tiny", "--manifest", str(manifest))
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{root / 'o/tiny' / NAME}\n"
        return done.stderr.splitlines()[-1]

    assert "not all verified" in said(family())
    assert said(family(locked=locked())).endswith(", verified")


def test_the_level_hub_asks_it_where_a_spec_names_it(root, tmp_path):
    def outcome(made, *more):
        manifest = catalogue.write(catalogue.manifest(made), tmp_path)
        done = runtime("verify", "*/**", "--level", "hub", "--manifest", str(manifest),
                       "--records", str(tmp_path / "records.jsonl"), *more)
        record = json.loads((tmp_path / "records.jsonl").read_text().splitlines()[-1])
        return done.returncode, record["level"], record["outcome"]

    assert outcome(family()) == (0, "hub", "passed")
    put(root / "o/folder", models.folder())
    assert outcome(folder_family(on="local")) == (0, "hub", "passed")
    (root / "o/tiny" / NAME).unlink()
    assert outcome(family()) == (1, "plan", "failed")


def test_a_root_that_nothing_looks_into_or_that_is_none_is_misuse(root, tmp_path):
    manifest = catalogue.write(catalogue.manifest(gguf_family()), tmp_path)
    asked = ("pull", "-n", "tiny", "--manifest", str(manifest), "--hub-root", str(root))
    for more, why in (((), "the files would come from Hugging Face"),
                      (("--hub", "auto"), "no hub of the spec is the local hub")):
        done = runtime(*asked, *more)
        assert done.returncode == 2
        assert "--hub-root is for the local hub alone" in done.stderr
        assert why in done.stderr
        assert "fix: add --hub local" in done.stderr
    done = runtime(*asked, "--hub", "local")
    assert done.returncode == 0, done.stderr
    assert "1 file, " in done.stderr
    done = runtime(*asked[:-1], str(tmp_path / "none"), "--hub", "local")
    assert done.returncode == 2
    assert f"no such folder: {tmp_path / 'none'}" in done.stderr


def test_notes_are_not_made_of_small_files(root, tmp_path):
    notes = Notes()
    resolve(tmp_path, notify=notes.notify)
    assert notes.notices == []
