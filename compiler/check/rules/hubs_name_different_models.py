"""The hubs of a spec name different models.

Why
---
The hubs of one spec hold the same weights. Organisation, letter case and words for the packaging
(`GGUF`, `4bit`) often differ; when the rest of the name differs, one of the ids is mostly that of
another model, and whoever downloads from that hub gets it.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        hubs:
          huggingface: {repo_id: example/demo-7B-chat}
          modelscope: {repo_id: example/demo-7B-base}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        hubs:
          huggingface: {repo_id: example/demo-7B-chat}
          modelscope: {repo_id: Sample/Demo-7B-Chat}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.ids import base_name, same_model
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB215"
NAME = "hubs-name-different-models"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the ids of each spec's hubs with the first."""
    for spec in family.specs:
        # A package index names distributions, which need not resemble the model's name.
        hubs = [hub for hub in spec.hubs if hub.repo_id is not None and hub.hub != "pypi"]
        for hub in hubs[1:]:
            first, other = text(hubs[0].repo_id) or "", text(hub.repo_id) or ""
            if hub.repo_id is None or hubs[0].repo_id is None:
                continue
            if not same_model(base_name(first), base_name(other)):
                yield family.problem(
                    hub.repo_id, f"{hub.hub} names {base_name(other)}, "
                    f"but {hubs[0].hub} names {base_name(first)}",
                    "correct the id of the wrong one, or make two specs of them",
                    [family.related(hubs[0].repo_id, f"the id on {hubs[0].hub}")])
