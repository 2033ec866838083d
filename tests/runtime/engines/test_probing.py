"""What is kept of an installed engine's options."""

import pytest

from runtime import facts, jsonfile
from runtime.engines import probing
from runtime.engines.environments import Installation


@pytest.fixture
def keep(tmp_path):
    """Keeps that a provider has one option; tells what is known of it."""
    def keep(provider):
        installation = Installation(engine="llama.cpp", provider=provider, version="1",
                                    folder=tmp_path)
        jsonfile.write(probing._kept(installation), facts.EngineFacts(
            format=facts.FORMAT, format_version=facts.FORMAT_VERSION, engine="llama.cpp",
            provider=provider, version="1", flags=["--model"]))
        return lambda: probing.known(installation)
    return keep


def test_options_of_our_own_launcher_are_asked_for_again_when_it_changes(
        keep, tmp_path, monkeypatch):
    launcher = tmp_path / "serve.py"
    launcher.write_text("one")
    monkeypatch.setattr(probing, "_OURS", {"xllamacpp": launcher})
    known = keep("xllamacpp")
    assert known().flags == ["--model"]
    launcher.write_text("two")
    assert known() is None


def test_those_of_a_release_are_not(keep, tmp_path):
    assert keep("vllm")().flags == ["--model"]
    assert (tmp_path / probing.KEPT).is_file()
