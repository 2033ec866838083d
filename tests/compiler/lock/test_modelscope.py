"""Locking from ModelScope, which names no commit of a branch, through its real client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.cli import main
from runtime import lockfile
from runtime.lockfile import LockedSource
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubserver import HubServer


@pytest.fixture
def two_hubs(specs: Path, hub: HubServer) -> Path:
    """The family's first spec is on ModelScope as well, under another id."""
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace(
        "      huggingface: {}\n", "      huggingface: {}\n      modelscope: {repo_id: lab/demo}\n",
        1))
    hub.add("lab/demo", dict(hub.repositories["org/demo"].files), card={"license": "apache-2.0"})
    return specs


def lock(specs: Path, *words: str) -> int:
    return main(["lock", "--specs", str(specs), "--quiet", *words])


def path(specs: Path) -> Path:
    return specs / "locks/demo.lock.json"


def source(specs: Path) -> LockedSource:
    found = lockfile.decode(path(specs).read_bytes()).source("modelscope", "lab/demo", None)
    assert found is not None
    return found


def moved(specs: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    lock(specs, "--check", "--format", "json")
    return [item["what"] for item in json.loads(capsys.readouterr().out)["moved"]]


def test_it_notes_the_same_facts_as_from_the_other_hub(two_hubs: Path, hub: HubServer) -> None:
    assert lock(two_hubs) == 0
    found = source(two_hubs)
    other = lockfile.decode(path(two_hubs).read_bytes()).source("huggingface", "org/demo", None)
    assert other is not None
    assert found.config == other.config
    assert (found.licence, found.gated, found.chat_template) == ("apache-2.0", "", True)
    assert found.provenance.client.startswith("modelscope-hub ")
    assert all(file.sha256 for file in found.files)
    assert found.commit == hub.repositories["lab/demo"].head()
    assert catalogue.about_locks(two_hubs) == []


def test_hashes_stand_for_a_commit_that_the_hub_does_not_name(
    two_hubs: Path, hub: HubServer, capsys: pytest.CaptureFixture[str],
) -> None:
    hub.repositories["lab/demo"].commits_known = False
    assert lock(two_hubs) == 0
    before = path(two_hubs).read_bytes()
    commit = source(two_hubs).commit
    assert commit.startswith("master+")
    assert lock(two_hubs) == 0
    assert path(two_hubs).read_bytes() == before
    assert moved(two_hubs, capsys) == []

    hub.repositories["lab/demo"].files["config.json"] += b" "

    assert moved(two_hubs, capsys) == [
        "changed config.json", next(what for what in moved(two_hubs, capsys)
                                    if what.startswith(f"moved from {commit} to master+"))]


def test_other_weights_on_another_hub(two_hubs: Path, hub: HubServer) -> None:
    hub.repositories["lab/demo"].files["model.safetensors"] = models.shaped_safetensors(
        other=("BF16", [10_000_000]))
    lock(two_hubs)
    [found] = [item for item in catalogue.about_locks(two_hubs) if item.code == "MB610"]
    assert catalogue.at(two_hubs, found) == "modelscope"
    assert "differ between org/demo on Hugging Face and lab/demo on ModelScope" in found.message
    assert found.related


@pytest.mark.parametrize(("change", "code", "place"), [
    ("repository", "MB601", "lab/demo"), ("revision", "MB602", "v9"),
])
def test_what_is_missing_there(
    two_hubs: Path, hub: HubServer, change: str, code: str, place: str,
) -> None:
    family = two_hubs / "families/demo.yaml"
    if change == "revision":
        family.write_text(family.read_text().replace(
            "{repo_id: lab/demo}", "{repo_id: lab/demo, revision: v9}"))
    else:
        del hub.repositories["lab/demo"]
    assert lock(two_hubs) == 1
    [found] = catalogue.about_locks(two_hubs)
    assert (found.code, catalogue.at(two_hubs, found)) == (code, place)
