"""Dots in a model's name on ModelScope: its client rewrites them in caches, and we never guess."""

import os

import pytest

from tests.support import models
from tests.support.hubs import Notes, gguf_family, pull

NAME = "tiny-Q4_K_M.gguf"
MODEL = models.gguf()
REPO = "o/Model2-0.5B"


def family():
    return gguf_family(REPO, on="modelscope")


def test_the_download_lies_under_the_name_as_it_is(hub, home):
    hub.add(REPO, {NAME: MODEL})
    located = pull(family())
    assert located.path == home / "models/modelscope" / REPO / located.commit / NAME
    assert located.path.read_bytes() == MODEL


@pytest.mark.parametrize("base", ["models", "hub/models"])
def test_a_cache_of_an_earlier_client_is_found_under_its_rewritten_name(hub, tmp_path, base):
    hub.add(REPO, {NAME: MODEL})
    old = tmp_path / "ms-cache" / base / "o/Model2-0___5B"
    old.mkdir(parents=True)
    (old / NAME).write_bytes(MODEL)
    notes = Notes()
    assert pull(family(), notes).path.read_bytes() == MODEL
    assert hub.requests() == []
    assert any("from the cache of ModelScope" in text for text in notes.notices)


def test_it_works_where_links_are_refused(hub, monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "links are not permitted")

    hub.add(REPO, {NAME: MODEL})
    old = tmp_path / "ms-cache/models/o/Model2-0___5B"
    old.mkdir(parents=True)
    (old / NAME).write_bytes(MODEL)
    for name in ("link", "symlink"):
        monkeypatch.setattr(os, name, refuse)
    located = pull(family())
    assert located.path.read_bytes() == MODEL
    assert not located.path.samefile(old / NAME)
