"""The user's token goes to the hub that it is for, and shows nowhere."""

from tests.support import catalogue, models
from tests.support.hubs import gguf_family, pull, runtime
from tests.support.hubserver import GOOD_TOKEN, HubServer

NAME = "tiny-Q4_K_M.gguf"
FILES = {NAME: models.gguf()}


def test_a_custom_endpoint_gets_no_token_by_itself(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    hub.add("o/tiny", FILES)
    pull(gguf_family())
    assert hub.seen
    assert not [seen for seen in hub.seen if seen.authorization]


def test_a_redirect_to_another_host_gets_no_token(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", GOOD_TOKEN)
    monkeypatch.setenv("MODELBOOK_SEND_TOKEN", "1")
    with HubServer("127.0.0.2") as other:
        other.add("o/tiny", FILES)
        hub.add("o/tiny", FILES, redirect=other.url)
        assert pull(gguf_family()).path.read_bytes() == FILES[NAME]
        assert [seen for seen in hub.seen if seen.authorization]
        assert other.seen
        assert not [seen for seen in other.seen if seen.authorization]


def test_the_token_shows_in_no_output_and_no_file(hub, home, tmp_path):
    hub.add("o/tiny", FILES, gated=True)
    hub.fault("/resolve/", "status", status=500, method="GET", times=-1)
    manifest = catalogue.write(catalogue.manifest(gguf_family()), tmp_path)
    secret = {"HF_TOKEN": GOOD_TOKEN, "MODELBOOK_SEND_TOKEN": "1"}
    command = ("pull", "-n", "tiny", "--manifest", str(manifest))
    failed = runtime(*command, **secret)
    assert failed.returncode == 1
    hub.faults.clear()
    worked = runtime(*command, "--format", "json", **secret)
    assert worked.returncode == 0, worked.stderr
    for text in (failed.stdout, failed.stderr, worked.stdout, worked.stderr):
        assert GOOD_TOKEN not in text
    for path in home.rglob("*"):
        assert not path.is_file() or GOOD_TOKEN.encode() not in path.read_bytes()
