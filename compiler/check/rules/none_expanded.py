"""The quantization `none` is filled into a name.

Why
---
`none` says that the weights are not quantized; no repository or file is called `demo-none`.
Either the name does not depend on the quantization, or the quantization has another name.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: mlx
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B-{quantization}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: mlx
        size_in_billions: 7
        quantizations: [bf16]
        repo_id: example/demo-7B-{quantization}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB245"
NAME = "none-expanded"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for templates that `none` is filled into."""
    for spec, hub in family.sources():
        for node in (hub.repo_id, hub.file_template if spec.layout() == "file" else None):
            if (node is not None and "{quantization}" in (text(node) or "")
                    and any(name.lower() == "none" for name in hub.quantization_names())):
                expanded = (text(node) or "").replace("{quantization}", "none")
                yield family.problem(node, f"the quantization none makes this {expanded}",
                                     "name the quantization as the repository does, "
                                     "or take {quantization} out")
