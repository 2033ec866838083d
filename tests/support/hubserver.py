"""A server on loopback that speaks the hubs' protocols to their real clients, faults on order.

Hugging Face's is here, ModelScope's in `tests.support.modelscopeserver`.

It serves repositories that a test keeps in memory. What a repository lists and what it serves can
differ, so that wrong bytes, hostile names and cut connections can be had at will.

    with HubServer() as hub:
        hub.add("o/tiny", {"config.json": b"{}"})
        hub.fault("config.json", "corrupt", times=1)
        os.environ["HF_ENDPOINT"] = os.environ["MODELSCOPE_ENDPOINT"] = hub.url

By hand, for development: `python -m tests.support.hubserver FOLDER` serves FOLDER/<owner>/<name>/….
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.support.modelscopeserver import ModelScopeAnswers, shown_path

GOOD_TOKEN = "hf_good"


@lru_cache(maxsize=256)
def sha256(data: bytes) -> str:
    """The hash of a file; of large ones it is asked for with each request."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class Repository:
    """One repository.

    Attributes:
        files: Path → bytes that it serves.
        listed: Path → bytes that it claims to have, where they differ from what it serves.
        extra: Names that it lists besides, whatever they do to a client that trusts them.
        lfs_from: Size from which a file is in LFS, and so has a sha256.
        gated: Only `GOOD_TOKEN` may download.
        private: Only `GOOD_TOKEN` sees it.
        commit: Overrides the commit.
        redirect: Base URL of another server that large files are redirected to.
        tags: Further revisions; also earlier commits, which serve the same files.
        card: The model card's metadata.
        name: Its id where that is not the one that it is asked for by, as after a move.
        commits_known: Whether ModelScope serves revisions by their commit.
        shouting: Whether ModelScope lists hashes in upper case.
        earlier: What former commits served, before `move`.
    """

    files: dict[str, bytes]
    listed: dict[str, bytes] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    lfs_from: int = 64
    gated: bool = False
    private: bool = False
    commit: str = ""
    redirect: str = ""
    tags: tuple[str, ...] = ()
    card: dict[str, object] = field(default_factory=dict)
    name: str = ""
    commits_known: bool = True
    shouting: bool = False
    earlier: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def move(self, files: dict[str, bytes]) -> None:
        """Let the default branch hold other files from now on; the old commit stays."""
        self.earlier[self.head()] = self.files
        self.files = files

    def at(self, revision: str) -> dict[str, bytes]:
        """The files that a revision serves."""
        return self.earlier.get(revision, self.files)

    def head(self) -> str:
        """The commit: a function of the files, unless it is set."""
        if self.commit:
            return self.commit
        digest = hashlib.sha1(usedforsecurity=False)
        for path, data in sorted((self.files | self.listed).items()):
            digest.update(path.encode() + b"\0" + sha256(data).encode())
        return digest.hexdigest()

    def commit_of(self, revision: str | None) -> str:
        """What a revision stands for: a tag that is a commit is itself, others are the head."""
        return revision if revision and re.fullmatch("[0-9a-f]{40}", revision) else self.head()

    def claimed(self, path: str) -> bytes:
        """The bytes that the listing describes."""
        return self.listed.get(path, self.files.get(path, b""))

    def entry(self, path: str, revision: str = "") -> dict[str, object]:
        """The listing's entry of a file."""
        data = self.earlier.get(revision, {}).get(path) or self.claimed(path)
        etag = self.hash_of(data)
        entry: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": etag}
        if len(data) >= self.lfs_from:
            entry["blobId"] = sha256(data)[:40]  # of the pointer, which nobody fetches
            entry["lfs"] = {"sha256": etag, "size": len(data), "pointerSize": 134}
        return entry

    def etag(self, path: str) -> str:
        """Sha256 of a file in LFS, else the git blob's hash."""
        return self.hash_of(self.claimed(path))

    def hash_of(self, data: bytes) -> str:
        """As `etag`, of bytes."""
        if len(data) >= self.lfs_from:
            return sha256(data)
        blob = b"blob %d\0" % len(data) + data
        return hashlib.sha1(blob, usedforsecurity=False).hexdigest()


@dataclass
class Fault:
    """Something that goes wrong.

    Attributes:
        match: Part of the request's path.
        kind: `status`, `corrupt` (same size, other bytes), `short` (a smaller file, honestly said),
            `cut` (the connection ends early), `stall` (nothing comes), `slow`, `call`,
            `endless` (blanks, 64 KiB at once or one after each pause of `seconds`).
        times: How often; a negative number means always.
        method: Only this method.
        status: For `status`.
        headers: For `status`.
        body: For `status`.
        at: Bytes after which `cut` and `short` end.
        seconds: For `stall`; for `slow`, between blocks of 16 KiB.
        call: For `call`: what happens just before the request is answered.
    """

    match: str
    kind: str
    times: int = 1
    method: str | None = None
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"error":"as ordered"}'
    at: int = 0
    seconds: float = 30.0
    call: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Seen:
    """One request; `authorization` is the header or the cookie that says who asks."""

    method: str
    path: str
    range: str | None
    authorization: str | None
    at: float


class HubServer:
    """The server; a context manager."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.bytes_sent = 0
        self.ranges = True
        self.closing = threading.Event()
        self.lock = threading.Lock()
        hub = self

        class Handler(_Handler):
            server_state = hub

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,),
                                        daemon=True)

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, repo_id: str, files: dict[str, bytes], **more: object) -> Repository:
        """Add a repository."""
        self.repositories[repo_id] = Repository(files, **more)  # type: ignore[arg-type]
        return self.repositories[repo_id]

    def fault(self, match: str, kind: str, **more: object) -> Fault:
        """Let something go wrong from now on."""
        self.faults.append(Fault(match, kind, **more))  # type: ignore[arg-type]
        return self.faults[-1]

    def requests(self, method: str = "GET", part: str = "/resolve/") -> list[Seen]:
        """The requests so far whose path holds `part`."""
        with self.lock:
            return [seen for seen in self.seen if seen.method == method and part in seen.path]


class _Handler(ModelScopeAnswers, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: HubServer

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
        hub, path = self.server_state, unquote(urlsplit(self.path).path)
        path = shown_path(self.path, path)
        with hub.lock:
            hub.seen.append(Seen(self.command, path, self.headers.get("Range"),
                                 self.headers.get("Authorization") or self.headers.get("Cookie"),
                                 time.monotonic()))
            fault = self._fault(path)
        if fault and fault.kind == "call":
            fault.call()
        if fault and fault.kind == "status":
            self._reply(fault.status, fault.body, fault.headers)
        elif fault and fault.kind == "endless":
            self._drone(fault.seconds)
        elif self.answer_modelscope(path, fault):
            pass
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._info(match[1], match[2], fault)
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path):
            self._tree(match[1], match[2])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(match[1], match[2], match[3], fault)
        elif match := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._send_file(hub.repositories[match[1]].files[match[2]], {}, fault)
        else:
            self._reply(404, b"{}")

    def _drone(self, seconds: float) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        while not self.server_state.closing.wait(seconds):
            self.wfile.write(b" " * (1 if seconds else 1 << 16))

    def _fault(self, path: str) -> Fault | None:
        for fault in self.server_state.faults:
            if (fault.match in path and fault.times != 0
                    and fault.method in (None, self.command)):
                fault.times -= 1
                return fault
        return None

    def _permitted(self, repo_id: str, *, download: bool) -> Repository | None:
        repository = self.server_state.repositories.get(repo_id)
        authorization = self.headers.get("Authorization")
        entitled = authorization == f"Bearer {GOOD_TOKEN}"
        if repository is None or (repository.private and not entitled):
            self._error(404 if authorization else 401, "RepoNotFound")
            return None
        if repository.gated and download and not entitled:
            self._error(403 if authorization else 401, "GatedRepo")
            return None
        return repository

    def _info(self, repo_id: str, revision: str | None, fault: Fault | None) -> None:
        if fault and fault.kind == "stall":
            self.server_state.closing.wait(fault.seconds)
        if not (repository := self._permitted(repo_id, download=False)):
            return
        known = (None, "main", repository.head(), *repository.tags, *repository.earlier)
        if revision not in known:
            self._error(404, "RevisionNotFound")
            return
        blobs = "blobs" in parse_qs(urlsplit(self.path).query)
        names = [*repository.at(revision or ""), *repository.extra]
        name = repository.name or repo_id
        body = {"id": name, "modelId": name, "cardData": repository.card,
                "sha": repository.commit_of(revision), "private": False,
                "gated": "manual" if repository.gated else False, "tags": [], "downloads": 0,
                "siblings": [repository.entry(name, revision or "") if blobs
                             else {"rfilename": name}
                             for name in names]}
        self._reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _tree(self, repo_id: str, revision: str) -> None:
        """The listing that the client's own snapshots begin with."""
        if not (repository := self._permitted(repo_id, download=True)):
            return
        if revision not in ("main", repository.head(), *repository.tags):
            self._error(404, "RevisionNotFound")
            return
        entries = [repository.entry(name) for name in (*repository.files, *repository.extra)]
        tree = [{"type": "file", "path": entry["rfilename"], "size": entry["size"],
                 "oid": entry["blobId"], **({"lfs": {
                     "oid": lfs["sha256"], "size": lfs["size"], "pointerSize": lfs["pointerSize"],
                 }} if isinstance(lfs := entry.get("lfs"), dict) else {})} for entry in entries]
        self._reply(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})

    def _resolve(self, repo_id: str, revision: str, path: str, fault: Fault | None) -> None:
        if not (repository := self._permitted(repo_id, download=True)):
            return
        if revision not in ("main", repository.head(), *repository.tags, *repository.earlier):
            self._error(404, "RevisionNotFound")
            return
        files = repository.at(revision)
        if path not in files:
            self._error(404, "EntryNotFound")
            return
        commit = revision if revision in repository.earlier else repository.head()
        etag = repository.etag(path) if files is repository.files else repository.hash_of(
            files[path])
        headers = {"X-Repo-Commit": commit, "ETag": f'"{etag}"'}
        if repository.redirect and len(files[path]) >= repository.lfs_from:
            headers |= {"X-Linked-Etag": headers["ETag"],
                        "X-Linked-Size": str(len(repository.claimed(path))),
                        "Location": f"{repository.redirect}/cdn/{repo_id}/{quote(path)}"}
            self._reply(302, b"", headers)
            return
        self._send_file(files[path], headers, fault)

    def _send_file(self, data: bytes, headers: dict[str, str], fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "corrupt":
            data = bytes(byte ^ 0xFF for byte in data)
        if kind == "short" and fault:
            data = data[:fault.at]
        status = 200
        asked = self.headers.get("Range", "") if self.server_state.ranges else ""
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", asked):
            first, last = int(match[1]), int(match[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"
            data, status = data[first:last + 1], 206
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(data, fault)

    def _send_body(self, data: bytes, fault: Fault | None) -> None:
        kind, hub = (fault.kind if fault else ""), self.server_state
        if fault and kind == "stall":
            hub.closing.wait(fault.seconds)
            self.close_connection = True
            return
        if fault and kind == "cut":
            data = data[:fault.at]
            self.close_connection = True
        step = 1 << 14 if kind == "slow" else 1 << 20
        for start in range(0, len(data), step):
            if fault and kind == "slow":
                hub.closing.wait(fault.seconds)
            block = data[start:start + step]
            self.wfile.write(block)
            with hub.lock:
                hub.bytes_sent += len(block)

    def _error(self, status: int, code: str) -> None:
        self._reply(status, b'{"error":"no"}', {"X-Error-Code": code, "X-Error-Message": "no"})

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def serve_folder(root: Path) -> None:
    """Serve every `<owner>/<name>` under `root` until Ctrl-C."""
    with HubServer() as hub:
        for folder in sorted(path for path in root.glob("*/*") if path.is_dir()):
            hub.add(folder.relative_to(root).as_posix(),
                    {path.relative_to(folder).as_posix(): path.read_bytes()
                     for path in sorted(folder.rglob("*")) if path.is_file()})
        print(f"HF_ENDPOINT={hub.url} MODELSCOPE_ENDPOINT={hub.url} "  # noqa: T201
              f"serves {', '.join(hub.repositories) or 'nothing'}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    import sys

    serve_folder(Path(sys.argv[1]))
