"""Plain HTTP downloads that resume, and reading a remote file piece by piece."""

from __future__ import annotations

import io
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit

from runtime.hubs.base import Advance
from runtime.hubs.pauses import LONGEST_WAIT, TooLongError, rate_limited, retry_after
from runtime.storage import cannot_store

_TIMEOUT = 30.0
_TRIES = 5
#: Seconds before the second try; each further pause is twice as long.
_FIRST_PAUSE = 0.5
_BLOCK = 1 << 18
_AGENT = "modelbook"
#: How much of a file's end is asked for at once: it holds a zip's directory.
_TAIL = 1 << 17

_Result = TypeVar("_Result")


class RangeError(Exception):
    """The server cannot be asked this way; another way may work."""


def _context() -> ssl.SSLContext:
    """Certificates as pip and requests are told to use them, else the system's."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).is_file():
            return ssl.create_default_context(cafile=path)
    return ssl.create_default_context()


def _open(url: str, start: int | None = None, end: int | None = None) -> HTTPResponse:
    """GET `url`, or a range of it; `end` is exclusive."""
    if not url.startswith(("http://", "https://")):
        raise RangeError(f"{url.split(':')[0]} is not HTTP")
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if start is not None:
        headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked above
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPSHandler(context=_context())]
    if proxy := os.environ.get("PIP_PROXY"):
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    opener = urllib.request.build_opener(*handlers)
    return cast("HTTPResponse", opener.open(request, timeout=_TIMEOUT))


class RangeFile(io.RawIOBase):
    """A remote file that is read by range requests; seekable, so that `zipfile` can read it.

    Raises:
        RangeError: The server does not serve ranges, or cannot be reached.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._at = 0
        self._size = self._measure()
        self._tail_start = max(0, self._size - _TAIL)
        self._tail = self._get(self._tail_start, self._size)

    def _measure(self) -> int:
        def ask() -> str:
            with _open(self._url, 0, 1) as reply:
                return str(reply.headers.get("Content-Range", ""))

        if (match := re.match(r"bytes 0-0/(\d+)$", _patiently(ask, self._url))) is None:
            raise RangeError("it does not serve ranges")
        return int(match[1])

    def _get(self, start: int, end: int) -> bytes:
        def ask() -> tuple[int, bytes]:
            with _open(self._url, start, end) as reply:
                return reply.status, reply.read(end - start)

        status, data = _patiently(ask, self._url)
        if status != 206 or len(data) != end - start:
            raise RangeError("it answered a range with something else")
        return data

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position; nothing is requested."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes from the position."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        if self._at >= self._tail_start:
            data = self._tail[self._at - self._tail_start:end - self._tail_start]
        else:
            data = self._get(self._at, end)
        self._at = end
        return data


def download(url: str, part: Path, advance: Advance, *, what: str) -> None:
    """Fetch `url` into `part`, going on where an earlier call stopped.

    Args:
        url: What to fetch.
        part: Where to.
        advance: Told about bytes that are there.
        what: What people call it.

    Raises:
        RangeError: It cannot be had this way (login, certificate, no network).
        UserError: The disk is full or cannot be written, or the server asks for too long a pause.
    """
    advance(_size(part))

    def go_on() -> None:
        try:
            _continue(url, part, advance)
        except urllib.error.HTTPError as error:
            if error.code != 416:  # nothing is left to ask for; the hash decides
                raise
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            raise
        except OSError as error:
            raise cannot_store(what, error) from None

    _patiently(go_on, url)


def _patiently(ask: Callable[[], _Result], url: str) -> _Result:
    """What `ask` returns, after further tries where its failure may pass.

    Raises:
        RangeError: It does not pass.
        UserError: The server asks for too long a pause.
    """
    reason = ""
    for attempt in range(_TRIES):
        pause = _FIRST_PAUSE * 2**attempt
        try:
            return ask()
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"it answers {error.code}"
            if error.code != 429 and error.code < 500:
                raise RangeError(reason) from None
            if (asked := retry_after(cast("Mapping[str, str]", error.headers))) is not None:
                pause = asked
            if pause > LONGEST_WAIT:
                name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
                raise rate_limited("the package index", name, str(TooLongError(pause)),
                                   "a login in pip's configuration") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLError):
                raise RangeError(f"certificate: {error.reason}") from None
            reason = str(error.reason)
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
        if attempt < _TRIES - 1:
            time.sleep(pause)
    raise RangeError(reason)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _continue(url: str, part: Path, advance: Advance) -> None:
    have = _size(part)
    with _open(url, have) if have else _open(url) as reply:
        if have and reply.status != 206:
            advance(-have)
            have = 0
        length = reply.headers.get("Content-Length", "")
        left = int(length) if length.isdigit() else None
        with part.open("ab" if have else "wb") as sink:
            while block := reply.read(_BLOCK):
                sink.write(block)
                advance(len(block))
                left = None if left is None else left - len(block)
    if left:
        raise ConnectionError("the connection was cut")
