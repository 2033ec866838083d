"""A hub repeats what its spec says already.

Why
---
A hub takes from its spec what it does not state itself. A value that is stated twice is corrected
once and forgotten the other time.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs:
          huggingface: {repo_id: example/demo-7B-AWQ}

Right
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs:
          huggingface: {}
          modelscope: {repo_id: sample/demo-7B-AWQ}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import plain

CODE = "MB225"
NAME = "hub-repeats-spec"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare what each hub states with the spec."""
    for spec in family.specs:
        for hub in spec.hubs:
            for key, value in hub.own.items():
                spec_value = spec.node.get(key.raw)
                if spec_value is not None and plain(spec_value) == plain(value):
                    yield family.problem(key, f"{hub.hub} repeats the spec's {key.raw}",
                                         "delete it here")
