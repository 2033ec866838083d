"""Which language codes there are."""

import pytest

from compiler.check.languages import is_language


@pytest.mark.parametrize("tag", ["aa", "zza", "en", "EN", "zh-Hans", "pt-BR"])
def test_a_code(tag):
    assert is_language(tag)


@pytest.mark.parametrize("tag", [
    "", " ", "-", "aa ab", "aa\nab", " en", "qqq", "english", "registration", "en-", "en_US", "#"])
def test_no_code(tag):
    assert not is_language(tag)
