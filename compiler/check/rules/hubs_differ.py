"""A hub has only some of the quantizations.

Why
---
This may well be so, and pages then say which hub has what. It is worth a look when the lists were
meant to be alike: whoever downloads from the smaller hub cannot have the rest.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-AWQ-{quantization}
        hubs:
          huggingface: {}
          modelscope: {quantizations: [Int4]}

Right
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-AWQ-{quantization}
        hubs:
          huggingface: {}
          modelscope: {}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB222"
NAME = "hubs-differ"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare each hub's list with the spec's."""
    for spec in family.specs:
        hubs = [hub for hub in spec.hubs if hub.hub != "pypi"]
        for hub in hubs if len(hubs) > 1 else []:
            if hub.quantization_names() == spec.names():
                continue
            missing = [name for name in spec.names() if name not in hub.quantization_names()]
            if missing and len(missing) < len(spec.names()):
                yield family.problem(hub.key, f"{hub.hub} does not have {listing(missing)}",
                                     "nothing to do, if the hub really has only the others")
