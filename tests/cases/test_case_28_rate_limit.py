"""A rate limit is waited out within bounds, and is never read as a missing file."""

from itertools import pairwise

import pytest

from runtime.hubs import huggingface
from tests.support import models
from tests.support.hubs import Notes, folder_family, pull, refusal

FILES = models.folder(2)


def gap(hub, part, method):
    """Seconds between a refused request and the next one alike."""
    seen = hub.requests(method, part)
    return min(later.at - first.at for first, later in pairwise(seen))


@pytest.mark.parametrize(("part", "method"), [
    ("/api/models/", "GET"), ("model-00002", "HEAD"), ("model-00002", "GET")])
def test_it_waits_as_long_as_it_is_told_and_goes_on(hub, part, method):
    hub.add("o/folder", FILES)
    hub.fault(part, "status", status=429, method=method, headers={"Retry-After": "2"})
    notes = Notes()
    pull(folder_family(), notes)
    assert gap(hub, part, method) >= 2
    assert any("rate" in text for text in notes.notices)


def test_without_a_number_it_still_goes_on(hub):
    hub.add("o/folder", FILES)
    hub.fault("/api/models/", "status", status=429)
    hub.fault("model-00002", "status", status=429, method="HEAD")
    pull(folder_family())


@pytest.mark.parametrize("part", ["/api/models/", "model-00002"])
def test_an_absurd_wait_is_reported_instead(hub, part):
    hub.add("o/folder", FILES)
    hub.fault(part, "status", status=429, headers={"Retry-After": "86400"}, times=-1)
    error = refusal(folder_family())
    assert error.code == "rate-limited"
    assert "86400" in error.why
    assert "token" in error.hint


def test_a_lasting_limit_ends_and_keeps_finished_files(hub, home, monkeypatch):
    monkeypatch.setattr(huggingface.time, "sleep", lambda seconds: None)
    hub.add("o/folder", FILES)
    hub.fault("model-00002", "status", status=429, times=-1)
    error = refusal(folder_family())
    assert error.code == "rate-limited"
    assert "rate" in error.message
    assert "token" in error.hint
    assert list(home.rglob("config.json"))
    assert not list(home.rglob("model-00002*.safetensors"))
