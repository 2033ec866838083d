"""A file name would leave the model's folder, or means different files on different systems.

Why
---
File templates come from people and are joined to a folder on the reader's machine. A path must be
relative, without `..`, backslashes, drive letters or characters that some system forbids, and no
part may be a name that Windows reserves or end in a dot or space.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: ../../demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: gguf/demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import EffectiveHub, scalars, text
from runtime.files import all_plain, expand, unsafe_path_reason

CODE = "MB224"
NAME = "path-unsafe"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Expand every template and judge the path."""
    for _, hub in family.sources():
        if _plain(hub):
            continue  # nearly always
        told: set[int] = set()
        for node, path in _paths(hub):
            reason = unsafe_path_reason(path)
            if reason and id(node) not in told:
                told.add(id(node))
                yield family.problem(node, f"the file name {path!r} is not safe: {reason}",
                                     "give the path inside the repository, with forward slashes")


def _plain(hub: EffectiveHub) -> bool:
    """Whether the hub has nothing but weights, all of whose paths are plain."""
    names, split = hub.quantization_names(), hub.split_quantizations()
    if (hub.multimodal_projectors or hub.draft is not None
            or (hub.split_file_template is not None and not split)
            or any(name not in names for name in split)):
        return False
    paths = [path for paths in hub.files().values() for path in paths]
    if hub.file_template is not None:  # of a split quantization, too, this one is looked at
        paths += [expand(hub.file_template.raw, name) for name in split]
    return all_plain(paths)


def _paths(hub: EffectiveHub) -> Iterator[tuple[Scalar, str]]:
    names = hub.quantization_names()
    for name in names:
        if hub.file_template is not None:
            yield hub.file_template, expand(text(hub.file_template) or "", name)
    if hub.split_file_template is not None:
        template = text(hub.split_file_template) or ""
        for name, parts in hub.split_quantizations().items():
            for part in parts:
                yield hub.split_file_template, expand(template, name, part)
        if not hub.split_parts:
            yield hub.split_file_template, expand(template, "q", "00001-of-00002")
    for node in hub.multimodal_projectors:
        yield node, text(node) or ""
    yield from _draft(hub)


def _draft(hub: EffectiveHub) -> Iterator[tuple[Scalar, str]]:
    template = hub.draft.get("file_template") if hub.draft is not None else None
    if hub.draft is not None and isinstance(template, Scalar):
        for name in [text(node) or "" for node in scalars(hub.draft.get("quantizations"))] or ["q"]:
            yield template, (text(template) or "").replace("{draft_quantization}", name)
