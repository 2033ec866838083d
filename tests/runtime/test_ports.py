"""Ports: what is free on the addresses that a name stands for, and who reserved what."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import ports
from runtime.errors import UserError

V4: tuple[Any, ...] = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
#: Of the documentation's network, so that no machine has it.
ABSENT: tuple[Any, ...] = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))
#: What a system without it says of IPv6.
UNKNOWN: tuple[Any, ...] = (99, socket.SOCK_STREAM, 6, "", ("::1", 0))


@pytest.fixture
def taken() -> Iterator[int]:
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def named(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[Any, ...]) -> None:
    """Let every name stand for some addresses."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: list(addresses))


def test_a_port_on_which_somebody_listens_is_not_free(taken: int) -> None:
    assert not ports.is_free("127.0.0.1", taken)
    assert not ports.is_free("0.0.0.0", taken)


@pytest.mark.parametrize("addresses", [(V4,), (ABSENT, V4), (V4, ABSENT), (UNKNOWN, V4)])
def test_an_address_that_the_machine_lacks_does_not_count_beside_one_that_it_has(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[tuple[Any, ...], ...],
) -> None:
    named(monkeypatch, *addresses)
    assert ports.is_free("localhost", 0)


@pytest.mark.parametrize("addresses", [(ABSENT,), (UNKNOWN, ABSENT), (UNKNOWN,)])
def test_a_name_without_an_address_of_this_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[tuple[Any, ...], ...],
) -> None:
    named(monkeypatch, *addresses)
    with pytest.raises(UserError, match="cannot listen on elsewhere: ") as caught:
        ports.is_free("elsewhere", 8000)
    assert caught.value.code == "host"


def test_one_that_is_taken_counts_whatever_else_there_is(
    monkeypatch: pytest.MonkeyPatch, taken: int,
) -> None:
    named(monkeypatch, ABSENT, (*V4[:4], ("127.0.0.1", taken)))
    assert not ports.is_free("localhost", taken)


def test_what_is_reserved_is_passed_over_until_it_is_given_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path))
    with ports.reserve("127.0.0.1", None) as one:
        with ports.reserve("127.0.0.1", None) as other:
            assert other.number > one.number
            first = other.number
            one.advance("127.0.0.1")
            assert one.number > first
        with pytest.raises(UserError, match="is in use"):
            ports.reserve("127.0.0.1", one.number)
    ports.reserve("127.0.0.1", one.number).close()
