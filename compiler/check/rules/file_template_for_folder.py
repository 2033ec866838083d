"""A file template is given for a format laid out as folders.

Why
---
Of such a format the whole repository is downloaded and the engine is given the folder; the
template would have no effect. Mostly the format is wrong.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        file_template: demo-7B-{quantization}.safetensors
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

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Mapping
from compiler.resolve import entries

CODE = "MB237"
NAME = "file-template-for-folder"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_FIELDS = ("file_template", "split_file_template", "split_parts", "multimodal_projectors")


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for file fields in specs of folder formats and in their hubs."""
    for spec in family.specs:
        if spec.layout() != "folder":
            continue
        places = [spec.node, *(own for _, own in entries(spec.node.get("hubs"))
                               if isinstance(own, Mapping))]
        for place in places:
            for field in _FIELDS:
                if field in place.entries:
                    yield family.problem(
                        place.key(field),
                        f"{field} has no effect for {spec.format}, which is laid out as folders",
                        "delete it, or correct the format")
