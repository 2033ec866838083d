"""A file name is one that no engine opens as it is.

Why
---
GGUF files end in `.gguf`. The parts of a split file are named `…-00001-of-00002.gguf`, each
number with five digits, since the engine finds the further parts by that name. The older way of
cutting a file into pieces (`….gguf.part1of2`, `….gguf-split-a`) needs the pieces to be joined
again; Modelbook never joins files, as that leaves a copy which no hash belongs to.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q8_0]
        repo_id: example/demo-7B-GGUF
        split_file_template: demo-7B.{quantization}.gguf.{part}
        split_parts: {Q8_0: [part1of2, part2of2]}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, BF16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import EffectiveHub, text
from runtime.files import expand

CODE = "MB239"
NAME = "file-not-loadable"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_PART = re.compile(r"-[0-9]{5}-of-[0-9]{5}\.gguf\Z")


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the ends of the expanded file names."""
    for spec, hub in family.sources():
        if spec.layout() != "file":
            continue
        template = text(hub.file_template)
        if hub.file_template is not None and not (template or "").endswith(".gguf"):
            yield family.problem(hub.file_template, "the file name does not end in .gguf",
                                 "name a GGUF file; one that is cut into pieces cannot be used")
        yield from _parts(family, hub)


def _parts(family: FamilyView, hub: EffectiveHub) -> Iterator[Problem]:
    template = text(hub.split_file_template)
    # A missing {part} is MB232.
    if hub.split_file_template is None or template is None or "{part}" not in template:
        return
    for name, parts in hub.split_quantizations().items():
        for part in parts:
            path = expand(template, name, part)
            if not _PART.search(path):
                yield family.problem(
                    hub.split_file_template,
                    f"{path} is no part that an engine can open",
                    "parts end in -00001-of-00002.gguf; use another repository for this one")
                return
