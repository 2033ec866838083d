"""A repository id does not have the form that its hub uses.

Why
---
Hubs of repositories name them `org/name`, both of letters, digits, `-`, `_` and `.`, without `--`
or `..` and not ending in `.git`. The Python package index names distributions without a slash.
Any other id cannot exist, so it is a typing mistake such as a pasted address or a doubled
organisation.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/example/demo-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text
from runtime.files import expand

CODE = "MB211"
NAME = "repo-id-malformed"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\Z")
#: What nearly all ids are; `_repository` has the words for the others.
_USUAL = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*/[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*\Z")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the form of every id, with its placeholder filled in."""
    for _, hub in family.sources():
        repo_id = text(hub.repo_id)
        # An id that begins with a hyphen is reported by MB223, a strange placeholder by MB212.
        if hub.repo_id is None or repo_id is None or repo_id.startswith("-"):
            continue
        whole = expand(repo_id, (hub.quantization_names() or ["x"])[0])
        whole = whole.replace("{", "").replace("}", "")
        reason = _distribution(whole) if hub.hub == "pypi" else _repository(whole)
        if reason:
            yield family.problem(hub.repo_id, f"{repo_id!r} is no id on {hub.hub}: {reason}",
                                 _hint(whole, hub.hub))


def _distribution(name: str) -> str | None:
    if "/" in name:
        return "a distribution's name has no slash"
    if not _DISTRIBUTION.match(name):
        return "a distribution's name consists of letters, digits, '-', '_' and '.'"
    return None


def _repository(repo_id: str) -> str | None:
    if _USUAL.match(repo_id) and len(repo_id) <= 96 and ".git" not in repo_id:
        return None
    parts = repo_id.split("/")
    if "://" in repo_id:
        return "it is an address"
    if len(parts) != 2:
        return "it is not of the form org/name"
    if len(repo_id) > 96:
        return "it is longer than 96 characters"
    for part in parts:
        if part.startswith("-"):
            return f"{part!r} begins with a hyphen"
        if not _PART.match(part):
            return f"{part!r} may hold only letters, digits, '-', '_' and '.', and not end in '.'"
        if "--" in part or ".." in part or part.endswith(".git"):
            return f"{part!r} may not hold '--' or '..', nor end in '.git'"
    return None


def _hint(repo_id: str, hub: str) -> str:
    parts = [part for part in repo_id.split("://")[-1].split("/") if part]
    if hub != "pypi" and len(parts) > 2:
        return f"did you mean {'/'.join(parts[-2:])}?"
    return "copy it from the hub's page of the model"
