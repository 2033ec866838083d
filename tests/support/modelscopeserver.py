"""ModelScope's protocol for `tests.support.hubserver`, whose repositories and faults it shares.

As the real hub is reported to do, it answers an unknown revision with an empty listing, lists a
sha256 of every file, and names no commit of a branch but the one that last changed each file.

For faults, a download's path is `/api/v1/models/<repo_id>/resolve/<path of the file>`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

if TYPE_CHECKING:
    from tests.support.hubserver import Fault, HubServer, Repository

_V1 = r"/api/v1/models/([^/]+/[^/]+)"


def shown_path(target: str, path: str) -> str:
    """The path of a request, with the file that it is about."""
    query = parse_qs(urlsplit(target).query)
    if (match := re.fullmatch(_V1 + "/repo", path)) and "FilePath" in query:
        return f"/api/v1/models/{match[1]}/resolve/{query['FilePath'][0]}"
    return path


class ModelScopeAnswers:
    """Part of the server's handler."""

    server_state: HubServer
    path: str
    headers: Any
    _reply: Any
    _send_file: Any

    def answer_modelscope(self, path: str, fault: Fault | None) -> bool:
        """Answer a request of ModelScope's client; whether it is one."""
        if path == "/api/v1/repos/internalAccelerationInfo":
            self._tell({})
        elif match := re.fullmatch("/openapi/v1/models/([^/]+/[^/]+)", path):
            self._about(match[1], open_api=True)
        elif match := re.fullmatch(_V1 + "/repo/files", path):
            self._files(match[1], fault)
        elif match := re.fullmatch(_V1 + "/revisions", path):
            self._revisions(match[1])
        elif match := re.fullmatch(_V1 + "/resolve/(.+)", path):
            self._file(match[1], match[2], fault)
        elif match := re.fullmatch(_V1, path):
            self._about(match[1], open_api=False)
        else:
            return False
        return True

    def _asked(self, name: str, default: str = "") -> str:
        return parse_qs(urlsplit(self.path).query).get(name, [default])[0]

    def _tell(self, data: object, status: int = 200, message: str = "success") -> None:
        body = {"Code": 200 if status < 400 else 10010205001, "Data": data, "Message": message,
                "Success": status < 400}
        self._reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _known(self, repo_id: str, *, download: bool) -> Repository | None:
        from tests.support.hubserver import GOOD_TOKEN

        repository = self.server_state.repositories.get(repo_id)
        cookie = f"m_session_id={GOOD_TOKEN}" in (self.headers.get("Cookie") or "")
        entitled = cookie or self.headers.get("Authorization") == f"Bearer {GOOD_TOKEN}"
        if repository is None or (repository.private and not entitled):
            self._tell(None, 404, "no such model")
            return None
        if repository.gated and download and not entitled:
            self._tell(None, 403, "no permission")
            return None
        return repository

    def _about(self, repo_id: str, *, open_api: bool) -> None:
        if not (repository := self._known(repo_id, download=False)):
            return
        if open_api:
            data = {"id": repository.name or repo_id, "private": repository.private,
                    "gated": repository.gated, "license": repository.card.get("license")}
            self._reply(200, json.dumps({"success": True, "data": data}).encode())
        else:
            self._tell({"Path": repo_id.split("/")[0], "Name": repo_id.split("/")[1]})

    def _has(self, repository: Repository, revision: str) -> bool:
        commits = [repository.head(), *repository.earlier] if repository.commits_known else []
        return revision in ("master", *commits, *repository.tags)

    def _files(self, repo_id: str, fault: Fault | None) -> None:
        if fault and fault.kind == "stall":
            self.server_state.closing.wait(fault.seconds)
        if not (repository := self._known(repo_id, download=True)):
            return
        if not self._has(repository, self._asked("Revision", "master")):
            self._tell({"Files": None, "IsVisual": 0, "LatestCommitter": None})
            return
        from tests.support.hubserver import sha256

        names = [*repository.files, *repository.extra]
        entries: list[dict[str, object]] = [{"Type": "tree", "Path": "sub", "Size": 0,
                                             "Sha256": ""}] if any("/" in n for n in names) else []
        for number, name in enumerate(names):
            data = repository.claimed(name)
            digest = sha256(data)
            digest = digest.upper() if repository.shouting else digest
            entries.append({"Type": "blob", "Path": name, "Name": name.split("/")[-1],
                            "Size": len(data), "Sha256": digest,
                            "Revision": repository.head() if number == len(names) - 1
                            else "0" * 40, "CommittedDate": 1767225600 + number})
        self._tell({"Files": entries, "LatestCommitter": {"Id": "",
                                                          "ShortId": repository.head()[:8]}})

    def _revisions(self, repo_id: str) -> None:
        if repository := self._known(repo_id, download=False):
            self._tell({"RevisionMap": {
                "Branches": [{"Revision": "master"}],
                "Tags": [{"Revision": tag} for tag in repository.tags]}})

    def _file(self, repo_id: str, path: str, fault: Fault | None) -> None:
        if not (repository := self._known(repo_id, download=True)):
            return
        revision = self._asked("Revision", "master")
        files = repository.at(revision)
        if not self._has(repository, revision):
            self._tell(None, 404, "no such revision")
        elif path not in files:
            self._tell(None, 404, "no such file")
        elif repository.redirect and len(files[path]) >= repository.lfs_from:
            self._reply(302, b"", {
                "Location": f"{repository.redirect}/cdn/{repo_id}/{quote(path)}"})
        else:
            self._send_file(files[path], {}, fault)
