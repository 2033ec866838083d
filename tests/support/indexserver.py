"""A package index (PEP 503) on loopback that serves wheels which a test makes up."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import ssl
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.support.hubserver import Fault


def wheel(name: str, version: str, files: dict[str, bytes], *,
          recorded: dict[str, bytes] | None = None, compress: int = zipfile.ZIP_STORED) -> bytes:
    """A wheel; `recorded` are bytes that its RECORD describes where they differ from the truth."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    members = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    rows = []
    for path, data in (members | (recorded or {})).items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(data)}")
    rows.append(f"{info}/RECORD,,")
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compress) as archive:
        for path, data in members.items():
            archive.writestr(path, data)
        archive.writestr(f"{info}/RECORD", "\n".join(rows) + "\n")
    return sink.getvalue()


def _metadata(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return next(archive.read(name) for name in archive.namelist()
                    if name.endswith("/METADATA"))


_STEP = 1 << 16


class IndexServer:
    """The server; a context manager.

    Attributes:
        ranges: Whether it serves parts of files.
        metadata: Whether it serves the wheels' metadata by themselves (PEP 658).
        password: Ask for this password (user `me`), if set.
        cut_after: Bytes after which the next whole-file replies break off, one number a reply.
        corrupt: Number of replies whose bytes are wrong.
        redirect: Base URL of another index that requests for wheels are redirected to.
        faults: Of the kinds `status`, `slow` and `call`; see `tests.support.hubserver.Fault`.
        seen: (path, Range header) of every request.
        logins: Authorization header of every request.
    """

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.wheels: dict[str, tuple[str, bytes]] = {}
        self.ranges = self.metadata = True
        self.password = ""
        self.cut_after: list[int] = []
        self.corrupt = 0
        self.redirect = ""
        self.faults: list[Fault] = []
        self.logins: list[str | None] = []
        self.times: list[float] = []
        self.seen: list[tuple[str, str | None]] = []
        index = self

        class Handler(_Handler):
            state = index

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.base = f"http{'s' if tls else ''}://{host}:{self.port}"
        self.url = f"{self.base}/simple/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,),
                                        daemon=True)

    def __enter__(self) -> IndexServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, version: str, data: bytes) -> str:
        """Serve a wheel; returns its file name."""
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        self.wheels[file] = (name, data)
        return file

    def fault(self, match: str, kind: str, **more: object) -> None:
        """Let something go wrong from now on."""
        self.faults.append(Fault(match, kind, **more))  # type: ignore[arg-type]

    def wheel_requests(self) -> list[str | None]:
        """The Range headers of the requests for wheels."""
        return [span for path, span in self.seen if path.endswith(".whl")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: IndexServer

    def log_message(self, *_: object) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        """Answer a GET."""
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815

    def _answer(self) -> None:
        index, path = self.state, unquote(urlsplit(self.path).path)
        if self.command == "GET":
            index.seen.append((path, self.headers.get("Range")))
            index.logins.append(self.headers.get("Authorization"))
            index.times.append(time.monotonic())
        fault = next((each for each in index.faults if each.match in path and each.times != 0
                      and each.method in (None, self.command)), None)
        if fault is not None:
            fault.times -= 1
            if fault.kind == "status":
                self._reply(fault.status, b"", fault.headers)
                return
            fault.call()
        login = base64.b64encode(f"me:{index.password}".encode()).decode()
        if index.password and self.headers.get("Authorization") != f"Basic {login}":
            self._reply(401, b"", {"WWW-Authenticate": 'Basic realm="index"'})
        elif match := re.fullmatch(r"/simple/([^/]+)/", path):
            links = [self._link(file, data)
                     for file, (name, data) in index.wheels.items() if name == match[1]]
            self._reply(200 if links else 404, "\n".join(links).encode(),
                        {"Content-Type": "text/html"})
        elif (file := path.removeprefix("/files/")) in index.wheels and index.redirect:
            self._reply(302, b"", {"Location": f"{index.redirect}{path}"})
        elif file in index.wheels:
            self._file(index.wheels[file][1], fault)
        elif (file := path.removeprefix("/files/").removesuffix(".metadata")) in index.wheels:
            self._reply(200, _metadata(index.wheels[file][1]))
        else:
            self._reply(404, b"")

    def _link(self, file: str, data: bytes) -> str:
        known = ""
        if self.state.metadata:
            digest = hashlib.sha256(_metadata(data)).hexdigest()
            known = f' data-core-metadata="sha256={digest}"'
        digest = hashlib.sha256(data).hexdigest()
        return f'<a href="/files/{file}#sha256={digest}"{known}>{file}</a>'

    def _file(self, data: bytes, fault: Fault | None) -> None:
        index, status, headers, whole = self.state, 200, {}, True
        if index.ranges and (match := re.fullmatch(r"bytes=(\d+)-(\d*)",
                                                   self.headers.get("Range", ""))):
            first, last = int(match[1]), int(match[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            whole = not match[2]
            data, status = data[first:last + 1], 206
        if whole and index.corrupt:
            index.corrupt -= 1
            data = bytes(byte ^ 0xFF for byte in data)
        cut = index.cut_after.pop(0) if whole and index.cut_after else None
        self._reply(status, data, headers, cut,
                    fault.seconds if fault and fault.kind == "slow" and whole else 0.0)

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None,
               cut: int | None = None, pause: float = 0.0) -> None:
        self.send_response(status)
        for name, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        if self.state.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = body[:cut]
        for start in range(0, len(sent), _STEP):
            time.sleep(pause)
            self.wfile.write(sent[start:start + _STEP])
        if cut is not None:
            self.close_connection = True
