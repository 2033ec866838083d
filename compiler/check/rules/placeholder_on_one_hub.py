"""`{quantization}` stands in the repository id on one hub and is written out on another.

Why
---
Both work for a single quantization. When a second one is added, the id that is written out is
easily overlooked and then downloads the wrong weights.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: mlx
        size_in_billions: 7
        quantizations: [4bit]
        hubs:
          huggingface: {repo_id: "example/demo-7B-{quantization}"}
          modelscope: {repo_id: example/demo-7B-4bit}

Right
-----
.. code-block:: yaml

    specs:
      - format: mlx
        size_in_billions: 7
        quantizations: [4bit]
        repo_id: example/demo-7B-{quantization}
        hubs:
          huggingface: {}
          modelscope: {}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB214"
NAME = "placeholder-on-one-hub"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the ids of a spec's hubs."""
    for spec in family.specs:
        written = [hub for hub in spec.hubs if hub.repo_id is not None and hub.hub != "pypi"]
        using = [hub for hub in written if "{quantization}" in (text(hub.repo_id) or "")]
        if not using:
            continue
        for hub in written:
            # Several quantizations without the placeholder are MB213.
            if hub not in using and hub.repo_id is not None and len(hub.quantizations) == 1:
                yield family.problem(
                    hub.repo_id, f"the id on {using[0].hub} has {{quantization}}, this one has not",
                    "write the two alike")
