"""Downloads of what is locked: at its commit, with its hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from runtime.manifest import Family, Locked, LockedFile
from tests.support import models
from tests.support.hubs import gguf_family, home, hub, pull, refusal  # noqa: F401 - fixtures
from tests.support.hubserver import HubServer

DATA = models.gguf()


def family(commit: str, data: bytes = DATA) -> Family:
    file = LockedFile(path="tiny-Q4_K_M.gguf", size=len(data),
                      sha256=hashlib.sha256(data).hexdigest())
    return gguf_family(locked=[Locked(repo_id="o/tiny", commit=commit, checked="2026-11-25",
                                      files={"Q4_K_M": [file]})])


def test_the_locked_commit_is_downloaded_not_the_branch(home: Path, hub: HubServer) -> None:  # noqa: F811
    repository = hub.add("o/tiny", {"tiny-Q4_K_M.gguf": DATA}, tags=("v1",))
    found = pull(family(repository.head()))
    assert found.commit == repository.head()
    [info] = hub.requests(part="/api/models/")
    assert info.path.endswith(f"/revision/{repository.head()}")


def test_what_is_here_already_asks_nobody(home: Path, hub: HubServer) -> None:  # noqa: F811
    repository = hub.add("o/tiny", {"tiny-Q4_K_M.gguf": DATA})
    pull(family(repository.head()))
    asked = len(hub.seen)
    pull(family(repository.head()))
    assert len(hub.seen) == asked


def test_other_hashes_at_that_commit_are_a_stale_entry(home: Path, hub: HubServer) -> None:  # noqa: F811
    repository = hub.add("o/tiny", {"tiny-Q4_K_M.gguf": DATA})
    other = models.gguf(fill=b"x")
    error = refusal(family(repository.head(), other))
    assert error.code == "stale-lock"
    assert "tiny-Q4_K_M.gguf of o/tiny on Hugging Face" in error.message
    assert hashlib.sha256(other).hexdigest() in error.why
    assert hashlib.sha256(DATA).hexdigest() in error.why
    assert "the catalogue's entry is stale" in error.why
    assert "compiler lock tiny" in error.hint
    assert hub.requests() == []  # no weights were fetched


def test_a_refresh_takes_what_the_hub_has_now(home: Path, hub: HubServer) -> None:  # noqa: F811
    repository = hub.add("o/tiny", {"tiny-Q4_K_M.gguf": DATA})
    found = pull(family("0" * 40, models.gguf(fill=b"x")), refresh=True)
    assert found.commit == repository.head()


def test_a_commit_that_is_gone_is_told(home: Path, hub: HubServer) -> None:  # noqa: F811
    hub.add("o/tiny", {"tiny-Q4_K_M.gguf": DATA})
    error = refusal(family("0" * 40))
    assert error.code == "revision-missing"
    assert "the catalogue locked this commit" in error.why
    assert "compiler lock tiny" in error.hint
    assert "--refresh" in error.hint
