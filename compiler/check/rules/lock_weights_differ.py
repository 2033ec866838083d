"""Two hubs have different weights under one spec.

Why
---
One spec is one set of weights. Where the hashes differ between hubs, one of them was not updated,
or holds something else, and a user gets other answers by choosing another hub.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs:
          huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}
          modelscope: {revision: 0123456789abcdef0123456789abcdef01234567}

    # file: specs/locks/demo.lock.json
    {"sources": [
      {"hub": "huggingface", "repo_id": "example/demo-7B",
       "files": [{"path": "model.safetensors", "sha256": "aaaa"}]},
      {"hub": "modelscope", "repo_id": "example/demo-7B",
       "files": [{"path": "model.safetensors", "sha256": "bbbb"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs:
          huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}
          modelscope: {revision: 0123456789abcdef0123456789abcdef01234567}

    # file: specs/locks/demo.lock.json
    {"sources": [
      {"hub": "huggingface", "repo_id": "example/demo-7B",
       "files": [{"path": "model.safetensors", "sha256": "aaaa"}]},
      {"hub": "modelscope", "repo_id": "example/demo-7B",
       "files": [{"path": "model.safetensors", "sha256": "aaaa"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import LockedUse, locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB610"
NAME = "lock-weights-differ"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the hashes of each quantization's weights on its hubs."""
    first: dict[tuple[int, str], tuple[LockedUse, list[str]]] = {}
    for use in locked_uses(family):
        hashes = [file.sha256 for file in use.weights()]
        known = sorted(digest for digest in hashes if digest)
        if not known or len(known) < len(hashes):
            continue
        other, theirs = first.setdefault((id(use.spec), use.name), (use, known))
        if theirs != known:
            changed = listing([file.path for file in use.weights() if file.sha256 not in theirs])
            yield family.problem(
                use.hub.key, f"the weights of {use.name} differ between {other.where} and "
                f"{use.where}: {changed or 'the number of files'}",
                "name the repository with the right weights on each hub, or split the spec",
                [family.related(other.hub.key, "the other hub")])
