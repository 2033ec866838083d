"""`--hub auto`: what is here, else the first hub that answers and has every file; always said."""

import json
import subprocess

import pytest

from runtime.errors import UserError
from runtime.hubcheck import ask
from runtime.present import Options
from runtime.progress import Silent
from runtime.select import Wish, select
from tests.support import catalogue, models
from tests.support.hubs import pull, runtime
from tests.support.hubserver import HubServer

MODEL = models.gguf()
NAME = "tiny-Q4_K_M.gguf"
LISTING = {"huggingface": "/api/models/o/tiny", "modelscope": "/api/v1/models/o/tiny/repo/files"}


def family(*hubs):
    return catalogue.family("tiny", [catalogue.spec("ggufv2", "1", ["Q4_K_M"], [
        catalogue.hub(name, "o/tiny", ["Q4_K_M"], file_template="tiny-{quantization}.gguf")
        for name in hubs or ("huggingface", "modelscope")],
        [catalogue.claim("llama.cpp", ["Q4_K_M"])])])


def auto(said, *hubs, **more):
    return pull(family(*hubs), hub="auto", choosing=said.append, **more)


def test_the_first_of_the_spec_that_answers_is_taken_and_said(hub):
    hub.add("o/tiny", {NAME: MODEL})
    said = []
    assert auto(said).hub == "huggingface"
    assert said == ["--hub auto: Hugging Face, which has o/tiny (ModelScope not asked)"]
    assert not [seen for seen in hub.seen if seen.path.startswith("/api/v1")]


def test_the_spec_decides_the_order(hub):
    hub.add("o/tiny", {NAME: MODEL})
    assert auto([], "modelscope", "huggingface").hub == "modelscope"


def test_one_that_fails_is_named_before_the_next_is_asked(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING["huggingface"], "status", status=503, times=-1)
    said = []
    assert auto(said).hub == "modelscope"
    assert said == ["--hub auto: not Hugging Face: Hugging Face fails with 503 for o/tiny on "
                    "Hugging Face", "--hub auto: ModelScope, which has o/tiny"]


def test_one_that_cannot_be_reached_is_left_out(hub, monkeypatch):
    hub.add("o/tiny", {NAME: MODEL})
    with HubServer() as gone:
        monkeypatch.setenv("HF_ENDPOINT", gone.url)
    said = []
    assert auto(said).hub == "modelscope"
    assert "not Hugging Face: Hugging Face cannot be reached" in said[0]


def test_what_is_here_already_asks_nobody(hub):
    hub.add("o/tiny", {NAME: MODEL})
    first = pull(family(), hub="modelscope")
    hub.seen.clear()
    said = []
    assert auto(said) == first
    assert said == ["--hub auto: ModelScope, since o/tiny is here from there already"]
    assert hub.seen == []


def test_offline_nobody_is_said_to_have_answered(hub, monkeypatch):
    monkeypatch.setenv("MODELBOOK_OFFLINE", "1")
    said = []
    with pytest.raises(UserError) as caught:
        auto(said)
    assert caught.value.code == "offline"
    assert said == ["--hub auto: Hugging Face, unasked, since MODELBOOK_OFFLINE is set and "
                    "o/tiny is not here"]
    assert hub.seen == []


def test_a_download_that_fails_does_not_change_the_hub(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault("/o/tiny/resolve/", "status", status=403, times=-1)
    said = []
    with pytest.raises(UserError) as caught:
        auto(said)
    assert caught.value.code == "not-permitted"
    assert "Hugging Face" in caught.value.message
    assert len(said) == 1


def test_none_of_them_has_it(hub):
    said = []
    with pytest.raises(UserError) as caught:
        auto(said)
    error = caught.value
    assert error.code == "repo-missing"
    assert "Hugging Face: there is no o/tiny" in error.why
    assert "ModelScope: there is no o/tiny" in error.why
    assert error.details["hubs"] == {"huggingface": "repo-missing", "modelscope": "repo-missing"}


def test_a_hostile_listing_ends_it(hub):
    hub.add("o/tiny", {"../" + NAME: MODEL, NAME: MODEL})
    listed = catalogue.family("tiny", [catalogue.spec("pytorch", "1", ["none"], [
        catalogue.hub(name, "o/tiny", ["none"]) for name in ("huggingface", "modelscope")],
        [catalogue.claim("Transformers", ["none"])])])
    with pytest.raises(UserError) as caught:
        pull(listed, hub="auto", choosing=lambda _: None)
    assert caught.value.code == "unsafe-path"
    assert not [seen for seen in hub.seen if seen.path.startswith("/api/v1")]


def test_the_level_hub_of_verify_chooses_too(hub):
    hub.add("o/tiny", {NAME: MODEL})
    hub.fault(LISTING["huggingface"], "status", status=404, times=-1)
    said = []
    chosen = select(catalogue.manifest(family()), Wish(name="tiny", hub="auto"))
    assert ask(chosen, Options(choosing=said.append), Silent()).hub == "modelscope"
    assert len(said) == 2


def command(tmp_path, *arguments) -> subprocess.CompletedProcess[str]:
    manifest = catalogue.write(catalogue.manifest(family()), tmp_path)
    return runtime(*arguments, "--manifest", str(manifest))


def test_pull_says_it_on_standard_error_also_beside_json(hub, tmp_path):
    hub.add("o/tiny", {NAME: MODEL})
    done = command(tmp_path, "pull", "-n", "tiny", "--hub", "auto", "--format", "json")
    assert json.loads(done.stdout)["hub"] == "huggingface"
    assert done.stderr == "--hub auto: Hugging Face, which has o/tiny (ModelScope not asked)\n"


def test_verify_takes_the_option_and_refuses_a_hub_without_it(hub, tmp_path):
    hub.add("o/tiny", {NAME: MODEL})
    done = command(tmp_path, "verify", "tiny/**", "--level", "hub", "--hub", "auto",
                   "--records", str(tmp_path / "records.jsonl"))
    assert done.returncode == 0, done.stderr
    assert "--hub auto: Hugging Face, which has o/tiny" in done.stderr
    named = command(tmp_path, "verify", "tiny/**", "--level", "hub", "--hub", "modelscope",
                    "--records", str(tmp_path / "records.jsonl"), "--format", "json")
    assert named.returncode == 0, named.stderr
    records = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    assert [record["source"]["hub"] for record in records] == ["huggingface", "modelscope"]
    nowhere = command(tmp_path, "verify", "tiny/**", "--level", "hub", "--hub", "pypi")
    assert nowhere.returncode == 2
    assert "is not on the Python package index" in nowhere.stderr


def test_a_dry_run_asks_nobody_and_says_what_would_be_asked(hub, tmp_path):
    hub.add("o/tiny", {NAME: MODEL})
    done = command(tmp_path, "pull", "-n", "tiny", "--hub", "auto", "--dry-run")
    assert "the first that answers of Hugging Face, ModelScope" in done.stdout
    assert hub.seen == []
