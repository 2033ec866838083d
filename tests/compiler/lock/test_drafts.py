"""Draft models are locked with the family: what is checked, carried and pulled of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import main
from runtime import fetch, lockfile
from runtime.errors import UserError
from runtime.lockfile import LockedSource
from runtime.manifest import Attention, Draft, load
from runtime.select import Wish, select
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubserver import HubServer

SMALL = models.described_gguf(architecture="qwen3moe", file_type=2, context=32768)


@pytest.fixture
def drafted(specs: Path, hub: HubServer) -> Path:
    """The family's GGUF spec names a draft model, and its pytorch spec one in a folder."""
    family = specs / "families/demo.yaml"
    text = family.read_text()
    text = text.replace("    split_file_template:", """\
    draft:
      repo_id: org/small-{draft_quantization}
      quantizations: [Q4_0, Q8_0]
      file_template: small-{draft_quantization}.gguf
    split_file_template:""")
    text = text.replace("    repo_id: org/demo\n",
                        "    repo_id: org/demo\n    draft: {repo_id: org/small}\n")
    family.write_text(text)
    hub.add("org/small", {"config.json": b'{"num_hidden_layers": 2, "num_attention_heads": 4, '
                          b'"hidden_size": 256}', "model.safetensors": models.safetensors(400)})
    hub.add("org/small-Q4_0", {"small-Q4_0.gguf": SMALL})
    hub.add("org/small-Q8_0", {"small-Q8_0.gguf": models.described_gguf(
        architecture="qwen3moe", file_type=7, context=4096)})
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0
    return specs


def source(specs: Path, repo_id: str) -> LockedSource:
    lock = lockfile.decode((specs / "locks/demo.lock.json").read_bytes())
    found = lock.source("huggingface", repo_id, None)
    assert found is not None
    return found


def built(specs: Path) -> tuple[Path, dict[str, Draft]]:
    """The manifest, and the draft models in it by format."""
    out = specs.parent / "out"
    assert main(["build", "--specs", str(specs), "--out", str(out)]) == 0
    path = out / "manifest.json"
    return path, {spec.format: draft for spec in load(path).families[0].specs
                  if (draft := spec.hubs[0].draft)}


def test_their_repositories_are_locked_and_what_is_right_is_not_reported(drafted: Path) -> None:
    assert source(drafted, "org/small").config is not None
    [header] = source(drafted, "org/small-Q4_0").gguf
    assert (header.path, header.file_type) == ("small-Q4_0.gguf", 2)
    # Their context, size and architecture are their own, and nothing of the family.
    assert catalogue.about_locks(drafted) == []
    assert main(["lock", "--specs", str(drafted), "--check"]) == 0


def test_the_manifest_carries_their_commits_and_hashes(drafted: Path, hub: HubServer) -> None:
    _, drafts = built(drafted)
    small, whole = drafts["ggufv2"], drafts["pytorch"]
    assert [(lock.repo_id, lock.commit) for lock in small.locked] == [
        (repo_id, hub.repositories[repo_id].head())
        for repo_id in ("org/small-Q4_0", "org/small-Q8_0")]
    [file] = small.locked[0].files["Q4_0"]
    assert (file.path, file.size) == ("small-Q4_0.gguf", len(SMALL))
    assert file.sha256
    [lock] = whole.locked
    assert [file.path for file in lock.files["none"]] == ["config.json", "model.safetensors"]
    assert lock.attention == Attention(layers=2, heads=4, key_length=64, value_length=64)


@pytest.mark.parametrize(("repo_id", "change", "code", "place", "told"), [
    ("org/small-Q4_0", "gone", "MB601", "org/small-{draft_quantization}",
     "there was no org/small-Q4_0 on Hugging Face"),
    ("org/small", "gone", "MB601", "org/small", "there was no org/small on Hugging Face"),
    ("org/small-Q4_0", "empty", "MB603", "Q4_0",
     "0 of 1 files of Q4_0 of the draft model are in org/small-Q4_0 on Hugging Face; missing: "
     "small-Q4_0.gguf"),
    ("org/small", "empty", "MB603", "org/small",
     "org/small on Hugging Face has no weights for the draft model"),
    ("org/small-Q4_0", "other", "MB609", "Q4_0", "states Q8_0 in its header"),
    ("org/small", "moved", "MB611", "org/small", "has moved to new/small"),
    ("org/small", "gated", "MB612", "org/small", "changed from open to manual"),
])
def test_the_rules_cover_them(
    drafted: Path, hub: HubServer, repo_id: str, change: str, code: str, place: str, told: str,
) -> None:
    repository = hub.repositories[repo_id]
    if change == "gone":
        del hub.repositories[repo_id]
    elif change == "empty":
        repository.files = {"README.md": b"#"}
    elif change == "other":
        repository.files["small-Q4_0.gguf"] = models.described_gguf(file_type=7)
    elif change == "moved":
        repository.name = "new/small"
    else:
        repository.gated = True
    main(["lock", "--specs", str(drafted), "--quiet"])

    [found] = catalogue.about_locks(drafted)

    assert (found.code, catalogue.at(drafted, found)) == (code, place)
    assert told in found.message
    assert found.hint


def test_one_that_was_added_later_is_not_in_the_lock(drafted: Path) -> None:
    family = drafted / "families/demo.yaml"
    family.write_text(family.read_text().replace("{repo_id: org/small}", "{repo_id: org/else}"))
    [found] = catalogue.about_locks(drafted)
    assert (found.code, catalogue.at(drafted, found)) == ("MB614", "org/else")


def pull(manifest: Path) -> fetch.Located:
    wish = Wish(name="demo", model_format="ggufv2", quantization="Q8_0", engine="llama.cpp")
    return fetch.ensure(select(load(manifest), wish), fetch.Options())


def test_the_locked_commit_is_pulled_whatever_the_branch_has_now(
    drafted: Path, hub: HubServer,
) -> None:
    manifest, _ = built(drafted)
    repository = hub.repositories["org/small-Q4_0"]
    locked = repository.head()
    repository.move({"small-Q4_0.gguf": b"something else"})

    found = pull(manifest)

    assert found.draft is not None
    assert found.draft.commit == locked != repository.head()
    assert found.model.draft is not None
    assert found.model.draft.read_bytes() == SMALL


def test_other_bytes_at_the_locked_commit_are_refused(drafted: Path, hub: HubServer) -> None:
    manifest, _ = built(drafted)
    repository = hub.repositories["org/small-Q4_0"]
    repository.commit = repository.head()
    repository.files["small-Q4_0.gguf"] = SMALL[:-1] + b"!"
    with pytest.raises(UserError) as caught:
        pull(manifest)
    assert caught.value.code == "stale-lock"
    assert "small-Q4_0.gguf of org/small-Q4_0 on Hugging Face" in caught.value.message
