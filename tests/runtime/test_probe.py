"""What counts as an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.launch import curl_line
from runtime.probe import Answer, ProbeError, base_url, garbage


@pytest.mark.parametrize("text", [
    "4", "Paris", "The capital of France is Paris.", "巴黎", "no", "😀", "?", "x" * 3, "1111",
    "ha ha ha", "Paris, the City of Light \ufffd", "- a\n- b\n- c", "2 + 2 = 4",
])
def test_a_plausible_answer(text):
    assert garbage(text) == ""


@pytest.mark.parametrize("text", [
    "", " ", "\n\t", "!!!!!!!!!!!!", "\ufffd", "\ufffd\ufffd\ufffd a", "the " * 64, "the" * 64,
    "......", "aaaaaaaaaaaaaaaaaaaaaa", "<|im_end|>" * 20, "\u200b", "ab ab " * 30,
])
def test_garbage(text):
    assert garbage(text)


@given(st.text())
def test_any_text_is_judged(text):
    assert isinstance(garbage(text), str)


@given(st.text(alphabet="abcdefghij .,", min_size=1, max_size=24), st.integers(40, 200))
def test_repetition_is_found_whatever_is_repeated(unit, times):
    if unit.strip():
        assert garbage(unit * times)


def test_reasoning_alone_is_an_answer_and_garbage_reasoning_is_not():
    assert Answer(text="", reasoning="The user asks for a capital.").fault == ""
    assert Answer(text="Paris", reasoning="").fault == ""
    assert Answer(text="", reasoning="!!!!!!!!!!!!").fault
    assert Answer(text="!!!!!!!!!!!!", reasoning="Let me think.").fault
    assert Answer(text="", reasoning="").fault


@pytest.mark.parametrize(("host", "url"), [
    ("127.0.0.1", "http://127.0.0.1:1/v1"), ("0.0.0.0", "http://127.0.0.1:1/v1"),
    ("::1", "http://[::1]:1/v1"), ("::", "http://[::1]:1/v1"), ("localhost", "http://localhost:1/v1"),
])
def test_the_url_that_reaches_a_server(host, url):
    assert base_url(host, 1) == url


def test_what_a_server_says_decides_whether_to_wait():
    assert ProbeError(503, "Loading model").passing
    assert ProbeError(0, "Connection refused").passing
    assert not ProbeError(500, "boom").passing
    assert not ProbeError(401, "key").passing
    assert ProbeError(400, "The model must provide a chat template").no_chat_template


def test_the_curl_line_survives_a_shell(tmp_path):
    import json
    import shlex

    name = "it's a \"model\" $(id) 书"
    line = curl_line("http://127.0.0.1:1/v1", name, chat=True)
    words = shlex.split(line)
    assert json.loads(words[words.index("-d") + 1])["model"] == name
