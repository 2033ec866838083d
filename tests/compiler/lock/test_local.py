"""A family whose files lie in the local hub: drafted, locked, checked and broken, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.review import review
from tests.compiler.lock import catalogue
from tests.compiler.lock.test_draft import draft
from tests.support.hubserver import HubServer


@pytest.fixture
def root(specs: Path, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repositories of the tests' hub, as somebody carried them to a machine without it."""
    for repo_id, repository in hub.repositories.items():
        for path, data in repository.files.items():
            file = tmp_path / "root" / repo_id / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    monkeypatch.setenv("MODELBOOK_LOCAL_HUB", str(tmp_path / "root"))
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    return tmp_path / "root"


def codes(specs: Path) -> set[str]:
    return {finding.code for finding in review(specs).findings if finding.code.startswith("MB6")}


def test_it_is_drafted_as_from_any_hub(root: Path, tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    family = draft(tmp_path / "catalogue", "local:org/demo")
    [spec] = family["specs"]
    assert (spec["repo_id"], spec["hubs"]) == ("org/demo", {"local": {}})
    assert (spec["size_in_billions"], family["context_length"]) == ("0_01", 32768)
    assert len(spec["revision"]) == 40


def test_it_is_locked_checked_and_its_faults_are_found(root: Path, specs: Path) -> None:
    path = specs / "families/demo.yaml"
    path.write_text(catalogue.FAMILY.replace("huggingface:", "local:"))
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0
    lock = specs / "locks/demo.lock.json"
    first = lock.read_bytes()
    sources = json.loads(first)["sources"]
    assert {source["hub"] for source in sources} == {"local"}
    assert sources[0]["config"]["context_length"] == 32768
    assert all(file["sha256"] for source in sources for file in source["files"])
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0
    assert lock.read_bytes() == first
    assert main(["lock", "--check", "--specs", str(specs), "--quiet"]) == 0
    assert not codes(specs) & {"MB601", "MB602", "MB603", "MB605", "MB606", "MB607"}
    (root / "org/demo-GGUF/demo-Q4_K_M.gguf").unlink()
    assert main(["lock", "--check", "--specs", str(specs), "--quiet"]) == 1
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0
    assert "MB603" in codes(specs)
