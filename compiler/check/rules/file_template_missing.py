"""A quantization of a format laid out as files has no file name.

Why
---
A repository of GGUF files holds many quantizations beside each other, so which files make up one
has to be said: by `file_template`, or by `split_file_template` and its `split_parts`. Guessing by
pattern downloads the wrong files: `*Q4_K*` matches three quantizations. The same holds for the file
of a draft model.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB230"
NAME = "file-template-missing"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for quantizations that no template reaches, and for drafts without one."""
    for spec, hub in family.sources():
        if spec.layout() != "file":
            continue
        if hub.draft is not None and "file_template" not in hub.draft.entries:
            yield family.problem(hub.draft, "the draft model has no file name",
                                 "add `file_template:` with the path in the draft's repository")
        if hub.file_template is not None:
            continue
        missing = [name for name in hub.quantization_names() if name not in hub.split_parts]
        if missing:
            yield family.problem(
                hub.key, f"{hub.hub} has no file name for {listing(missing)}",
                "add `file_template:` with the path in the repository, {quantization} in it")
