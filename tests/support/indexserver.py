"""A package index (PEP 503) on loopback that serves wheels which a test makes up."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


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


class IndexServer:
    """The server; a context manager.

    Attributes:
        ranges: Whether it serves parts of files.
        metadata: Whether it serves the wheels' metadata by themselves (PEP 658).
        password: Ask for this password (user `me`), if set.
        cut_after: Bytes after which the next whole-file replies break off, one number a reply.
        corrupt: Number of replies whose bytes are wrong.
        seen: (path, Range header) of every request.
    """

    def __init__(self) -> None:
        self.wheels: dict[str, tuple[str, bytes]] = {}
        self.ranges = self.metadata = True
        self.password = ""
        self.cut_after: list[int] = []
        self.corrupt = 0
        self.seen: list[tuple[str, str | None]] = []
        index = self

        class Handler(_Handler):
            state = index

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/simple/"
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
        login = base64.b64encode(f"me:{index.password}".encode()).decode()
        if index.password and self.headers.get("Authorization") != f"Basic {login}":
            self._reply(401, b"", {"WWW-Authenticate": 'Basic realm="index"'})
        elif match := re.fullmatch(r"/simple/([^/]+)/", path):
            links = [self._link(file, data)
                     for file, (name, data) in index.wheels.items() if name == match[1]]
            self._reply(200 if links else 404, "\n".join(links).encode(),
                        {"Content-Type": "text/html"})
        elif (file := path.removeprefix("/files/")) in index.wheels:
            self._file(index.wheels[file][1])
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

    def _file(self, data: bytes) -> None:
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
        self._reply(status, data, headers, cut)

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None,
               cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        if self.state.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True
