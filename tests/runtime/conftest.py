"""The bench on which most tests here launch a stand-in."""

import pytest

from tests.support.stand_in import Bench


@pytest.fixture
def bench(tmp_path):
    """A bench; nothing may be left running on it."""
    made = Bench(tmp_path)
    yield made
    try:
        made.assert_nothing_left()
    finally:
        made.clean()
