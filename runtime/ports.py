"""TCP ports for servers: chosen so that two launches on one machine never take the same one."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from runtime import home
from runtime.errors import MisuseError, UserError
from runtime.lock import open_file

#: Where the search for a free port begins, and where it gives up.
FIRST, LAST = 8000, 8999


class Port(msgspec.Struct):
    """A port that this process has reserved among all Modelbook processes of this user.

    Attributes:
        number: The port.
        lock: Descriptor of the reservation; whoever holds it open holds the port.
    """

    number: int
    lock: int

    def close(self) -> None:
        """Give the reservation back, unless a guard holds it as well."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1

    def advance(self, host: str) -> None:
        """Reserve the next free port above this one in its place.

        Raises:
            UserError: None is free.
        """
        following = _first_free(host, self.number + 1)
        self.close()
        self.number, self.lock = following.number, following.lock

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reserve(host: str, wanted: int | None) -> Port:
    """Reserve the port asked for, or the first free one from 8000 upward.

    Raises:
        UserError: The port is in use (`port-in-use`), none is free, or `host` is not an address of
            this machine.
    """
    if wanted is not None:
        return _reserve_wanted(host, wanted)
    return _first_free(host, FIRST)


def _first_free(host: str, first: int) -> Port:
    for number in range(first, LAST + 1):
        port = _try(host, number)
        if port is not None:
            return port
    raise UserError(f"no port between {FIRST} and {LAST} is free", code="port-in-use",
                    hint="choose one with --port")


def _reserve_wanted(host: str, wanted: int) -> Port:
    port = _try(host, wanted)
    if port is None:
        who = _holder(wanted)
        raise UserError(f"port {wanted} is in use{f' by {who}' if who else ''}", code="port-in-use",
                        hint="choose another with --port, or leave it out to get a free one",
                        details={"port": wanted})
    return port


def _try(host: str, number: int) -> Port | None:
    lock = _try_lock(_lock_file(number))
    if lock is None:
        return None
    try:
        if is_free(host, number):
            return Port(number, lock)
    except BaseException:
        os.close(lock)
        raise
    os.close(lock)
    return None


def _lock_file(number: int) -> Path:
    return home.ensure_folder(home.run_folder()) / f".port-{number}.lock"


def _try_lock(path: Path) -> int | None:
    """Lock a file; its descriptor keeps the lock, also in a child that inherits it."""
    import fcntl

    descriptor = open_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def is_free(host: str, number: int) -> bool:
    """Whether a server could listen on the port now.

    A name may stand for several addresses. Those that this machine does not have, as where IPv6 is
    switched off, do not count as long as it has one.

    Raises:
        UserError: `host` is not an address of this machine, or the port needs privileges.
    """
    import errno

    here, reason = False, ""
    for family, kind, protocol, _, address in _addresses(host, number):
        try:
            with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except PermissionError:
            raise UserError(f"port {number} needs administrator rights", code="port-privileged",
                            hint="choose one above 1023") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            reason = error.strerror or str(error)
        else:
            here = True
    if not here:
        raise UserError(f"cannot listen on {host}: {reason}", code="host",
                        hint="leave --host out to listen on the loopback address")
    return True


def _addresses(host: str, number: int) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(host, number, type=socket.SOCK_STREAM,
                                       flags=socket.AI_PASSIVE))
    except OSError as error:
        raise MisuseError(f"{host!r} is not an address: {error.strerror}", code="host",
                          hint="leave --host out to listen on the loopback address") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    import ipaddress

    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def listens(pid: int, number: int) -> bool | None:
    """Whether the process or one of its descendants listens on the port; None if it cannot be told.

    A server of somebody else may answer on the port while ours failed to get it.
    """
    import psutil

    try:
        root = psutil.Process(pid)
        if _has_listener(root, number):
            return True
        for process in root.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if _has_listener(process, number):
                    return True
    except (psutil.Error, OSError):
        return None
    return False


def _has_listener(process: Any, number: int) -> bool:
    return any(_is_listener(each, number) for each in process.net_connections(kind="tcp"))


def _is_listener(connection: Any, number: int) -> bool:
    return (connection.status == "LISTEN" and bool(connection.laddr)
            and connection.laddr.port == number)


def _holder(number: int) -> str:
    """Who listens on the port, as far as we may know."""
    from runtime import running

    for entry in running.alive():
        if entry.port == number:
            return f"{entry.id}, which Modelbook launched (`runtime stop {entry.id}` ends it)"
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.pid and _is_listener(connection, number):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
