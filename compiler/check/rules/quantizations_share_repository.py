"""Several quantizations of a format laid out as folders share one repository.

Why
---
Such a repository holds the weights of one quantization. Without `{quantization}` in the id, every
quantization of the list downloads the same weights, whatever it is called.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-GPTQ
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-GPTQ-{quantization}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB213"
NAME = "quantizations-share-repository"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for ids without the placeholder where it is needed."""
    for spec, hub in family.sources():
        names = hub.quantization_names()
        if (spec.layout() == "folder" and len(names) > 1 and hub.repo_id is not None
                and "{quantization}" not in (text(hub.repo_id) or "")):
            yield family.problem(
                hub.repo_id,
                f"{listing(names)} would all be the one repository {text(hub.repo_id)}",
                "put {quantization} into the repo_id where the names differ, or give each its spec")
