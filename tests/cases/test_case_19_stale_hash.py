"""A hash that is no longer true is not a damaged download."""

from tests.support import models
from tests.support.hubs import gguf_family, refusal

NAME = "tiny-Q4_K_M.gguf"


def test_the_same_wrong_hash_twice_means_a_stale_entry(hub, home):
    promised, served = models.gguf(fill=b"a"), models.gguf(fill=b"b")
    hub.add("o/tiny", {NAME: served}, listed={NAME: promised})
    error = refusal(gguf_family())
    assert error.code == "stale-hash"
    assert NAME in error.message
    assert "the same wrong bytes came twice" in error.why
    found = error.details["found"]
    assert found[0] == found[1] != error.details["expected"]
    assert all(digest in error.why for digest in (found[0], error.details["expected"]))
    # Beside them only its beginning is asked for, which would be a Git LFS pointer's.
    assert len([seen for seen in hub.requests("GET") if seen.range is None]) == 2
    assert not list(home.rglob("*.gguf"))
