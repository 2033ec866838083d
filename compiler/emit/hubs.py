"""What pages say about hubs: their titles and where a repository can be looked at."""

from __future__ import annotations

import re
from urllib.parse import quote

#: Hub → its title, the address of a repository, and what follows for a revision.
_HUBS = {
    "huggingface": ("Hugging Face", "https://huggingface.co/{id}", "/tree/{revision}"),
    "modelscope": ("ModelScope", "https://modelscope.cn/models/{id}", "/files?version={revision}"),
    "openmind_hub": ("OpenMind", "https://modelers.cn/models/{id}", ""),
    "csghub": ("CSGHub", "https://opencsg.com/models/{id}", ""),
    "pypi": ("PyPI", "https://pypi.org/project/{id}/", "{revision}/"),
    "local": ("Local hub", "", ""),
}


#: What `quote` leaves alone: nearly all ids and revisions.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)?\Z")


def title(hub: str) -> str:
    """The hub's name as people know it."""
    return _HUBS[hub][0] if hub in _HUBS else hub


def address(hub: str, repo_id: str, revision: str | None = None) -> str | None:
    """Where a repository can be looked at; None for a hub without pages."""
    _, repository, suffix = _HUBS.get(hub, ("", "", ""))
    if not repository:
        return None
    url = repository.replace("{id}", _quoted(repo_id, "/"))
    if revision and suffix:
        url += suffix.replace("{revision}", _quoted(revision, ""))
    return url


def _quoted(text: str, safe: str) -> str:
    return text if _PLAIN.match(text) else quote(text, safe=safe)
