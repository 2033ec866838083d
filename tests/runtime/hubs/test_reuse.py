"""Files that the hub clients have in caches of their own, put there by the clients themselves."""

import hashlib
from pathlib import Path

import huggingface_hub
import modelscope_hub
import pytest

from runtime import downloads, reuse
from runtime.manifest import Locked, LockedFile
from tests.support import catalogue, models
from tests.support.hubs import Notes, folder_family, gguf_family, pull, refusal

MODEL = models.gguf(values=1 << 12)
NAME = "tiny-Q4_K_M.gguf"


def into_hf_cache(hub, repo_id="o/tiny", name=NAME):
    return Path(huggingface_hub.hf_hub_download(repo_id, name, endpoint=hub.url,
                                                token=False)).resolve()


def into_ms_cache(hub, repo_id="o/tiny", name=NAME):
    api = modelscope_hub.HubApi(endpoint=hub.url, token="")
    return Path(api.download_file(repo_id, "model", name)).resolve()


FILL = {"huggingface": into_hf_cache, "modelscope": into_ms_cache}
TITLES = {"huggingface": "Hugging Face", "modelscope": "ModelScope"}


@pytest.fixture(params=list(FILL))
def on(request):
    """The hub."""
    return request.param


def fetched(hub):
    return [seen for seen in hub.requests() if seen.method == "GET"]


def test_a_file_of_the_cache_is_linked_and_said_so(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    cached = FILL[on](hub)
    hub.seen.clear()
    notes = Notes()
    located = pull(gguf_family(on=on), notes)
    assert fetched(hub) == []
    assert located.path.read_bytes() == MODEL
    assert cached.samefile(located.path)
    assert located.files[0].digest == f"sha256:{hashlib.sha256(MODEL).hexdigest()}"
    assert any("linked from the cache of " + TITLES[on] in text and "hashes checked" in text
               for text in notes.notices)
    assert not located.path.is_symlink()


def test_a_damaged_file_of_the_cache_is_told_left_alone_and_fetched(hub, on):
    hub.add("o/tiny", {NAME: MODEL})
    cached = FILL[on](hub)
    damaged = MODEL[:-1] + b"x"
    cached.write_bytes(damaged)
    notes = Notes()
    located = pull(gguf_family(on=on), notes)
    assert located.path.read_bytes() == MODEL
    assert any("is damaged" in text and str(cached) in text for text in notes.notices)
    assert cached.read_bytes() == damaged
    assert not any("arrived" in text for text in notes.notices)


def test_where_links_are_refused_it_is_copied(hub, on, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    cached = FILL[on](hub)
    hub.seen.clear()
    monkeypatch.setattr(reuse, "_linked", lambda source, here: False)
    notes = Notes()
    located = pull(gguf_family(on=on), notes)
    assert fetched(hub) == []
    assert not cached.samefile(located.path)
    assert any("copied from the cache" in text for text in notes.notices)


def test_room_for_a_copy_is_looked_for_first(hub, on, monkeypatch):
    from types import SimpleNamespace

    hub.add("o/tiny", {NAME: MODEL})
    FILL[on](hub)
    monkeypatch.setattr(reuse, "_linked", lambda source, here: False)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    error = refusal(gguf_family(on=on))
    assert error.code == "disk-full"
    assert NAME in error.message


def test_a_file_without_a_hash_is_never_taken(hub, monkeypatch):
    from runtime.hubs import huggingface

    hub.add("o/tiny", {NAME: MODEL})
    into_hf_cache(hub)
    hub.seen.clear()
    resolve = huggingface.resolve

    def without_hashes(*args, **more):
        from msgspec.structs import replace

        found = resolve(*args, **more)
        return replace(found, files=tuple(replace(file, sha256=None, git_sha1=None)
                                          for file in found.files))

    monkeypatch.setattr(huggingface, "resolve", without_hashes)
    located = pull(gguf_family())
    assert len(fetched(hub)) == 1
    assert located.files[0].digest == "size"


def test_only_what_is_missing_in_the_cache_is_fetched(hub, on):
    hub.add("o/folder", models.folder())
    name = "model-00001-of-00002.safetensors"
    FILL[on](hub, "o/folder", name)
    hub.seen.clear()
    located = pull(folder_family(on=on))
    assert (located.path / name).read_bytes() == models.folder()[name]
    assert name not in {seen.path.rsplit("/", 1)[1] for seen in fetched(hub)}
    assert fetched(hub)


def locked(hub, on, commit):
    file = LockedFile(path=NAME, size=len(MODEL), sha256=hashlib.sha256(MODEL).hexdigest())
    return gguf_family(on=on, locked=[Locked(repo_id="o/tiny", commit=commit, checked="2026-11-25",
                                             files={"Q4_K_M": [file]})])


def test_what_is_locked_and_in_the_cache_needs_no_network(hub, on, monkeypatch):
    repository = hub.add("o/tiny", {NAME: MODEL})
    FILL[on](hub)
    hub.seen.clear()
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    located = pull(locked(hub, on, repository.head()))
    assert located.path.read_bytes() == MODEL
    assert located.commit == repository.head()
    assert hub.seen == []


def test_offline_the_locked_files_that_are_missing_are_listed(hub, on, monkeypatch):
    repository = hub.add("o/tiny", {NAME: MODEL})
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    error = refusal(locked(hub, on, repository.head()))
    assert error.code == "offline"
    assert f"o/tiny on {TITLES[on]}" in error.message
    assert "MODELBOOK_OFFLINE" in error.message
    assert error.details["missing"] == [NAME]
    assert NAME in error.why
    assert hub.seen == []


def test_offline_exactly_the_missing_shard_is_listed(hub, on, monkeypatch):
    hub.add("o/folder", models.folder())
    located = pull(folder_family(on=on))
    (located.path / "model-00002-of-00002.safetensors").unlink()
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    assert refusal(folder_family(on=on)).details["missing"] == ["model-00002-of-00002.safetensors"]


def test_hugging_faces_own_offline_switch_is_for_it_alone(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refusal(gguf_family()).code == "offline"
    assert pull(gguf_family(on="modelscope")).path.is_file()


def test_the_same_file_of_the_other_hub_is_linked(hub):
    hub.add("o/tiny", {NAME: MODEL})
    both = catalogue.family("tiny", [catalogue.spec("ggufv2", "1", ["Q4_K_M"], [
        catalogue.hub(name, "o/tiny", ["Q4_K_M"], file_template="tiny-{quantization}.gguf")
        for name in ("huggingface", "modelscope")], [catalogue.claim("llama.cpp", ["Q4_K_M"])])])
    first = pull(both, hub="huggingface")
    hub.seen.clear()
    second = pull(both, hub="modelscope")
    assert second.hub == "modelscope"
    assert fetched(hub) == []
    assert first.path.samefile(second.path)
    assert downloads.read_state(second.path.parent).hub == "modelscope"
