"""A spec's size is not the one that its repository id or file name states.

Why
---
`7B`, `0.5B`, `135M`, `8x7B` and `A3B` in an id state the size; a spec that says something else
was mostly copied and not edited, and downloads the wrong model. Rounding is accepted (`1.7B` for
`2`, `30B` for `30_5`), so is the total of a mixture of experts (`8x7B` for `46_7`). `17B-16E` is
read as 16 experts with 17 billion active parameters, which leaves the total open, and `1M` as a
context length. An id that states two sizes contradicts only a spec that has neither.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 14
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 46_7
        quantizations: [none]
        repo_id: example/demo-8x7B-v0.1
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from compiler.check.ids import StatedSize, base_name, stated_activated, stated_sizes
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import size_text, text
from runtime.naming import parse_size

CODE = "MB203"
NAME = "size-contradicts-id"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare sizes with the ids and file names of every hub."""
    for spec in family.specs:
        activated = size_text(spec.node.get("activated_size_in_billions"))
        for hub in spec.hubs:
            for node in (hub.repo_id, hub.file_template, hub.split_file_template):
                if node is not None and (stated := _contradicting(node.raw, spec.size)):
                    size = spec.node.get("size_in_billions") or spec.node
                    yield family.problem(
                        node, f"the name states {_words(stated)}, but the spec's size is "
                        f"{spec.size} billion", "correct whichever is wrong",
                        [family.related(size, "the size of the spec")])
            if activated is not None and hub.repo_id is not None:
                yield from _activated(family, hub.repo_id, activated)


@lru_cache(maxsize=256)
def _contradicting(name: str, size: str) -> list[StatedSize]:
    """The sizes that an id or file name states, if none of them can be meant by `size`."""
    stated, total = stated_sizes(base_name(name)), parse_size(size)
    # 0 is the skeleton's placeholder (MB270), which contradicts nothing.
    return [] if not total or any(each.fits(total) for each in stated) else stated


def _activated(family: FamilyView, node: Scalar, activated: str) -> Iterator[Problem]:
    stated = stated_activated(base_name(text(node) or ""))
    if stated and not any(size.fits(parse_size(activated)) for size in stated):
        yield family.problem(
            node, f"the name states {_words(stated)}, "
            f"but the spec's activated size is {activated} billion", "correct whichever is wrong")


def _words(stated: list[StatedSize]) -> str:
    return listing(dict.fromkeys(size.text for size in stated))
