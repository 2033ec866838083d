"""A quantization has files that the repository lacks.

Why
---
The file names come out of templates, and one wrong letter in them is a download that fails for
every user of a quantization. The hub's own list of files tells, and names the nearest ones.
Numbered parts have to be complete as well.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7b-{quantization}.gguf
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B-GGUF",
      "files": [{"path": "demo-7B-Q4_K_M.gguf"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B-GGUF",
      "files": [{"path": "demo-7B-Q4_K_M.gguf"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from compiler.check.locked import LockedUse, locked_uses, sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.resolve import text
from runtime.layout import missing_shards

CODE = "MB603"
NAME = "lock-file-missing"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

_HINT = "correct the file template, the parts or the list of quantizations"
_PROJECTOR_HINT = "correct the path, or remove it"


def check(family: FamilyView) -> Iterator[Problem]:
    """Look every planned file up in the locked list."""
    for use in locked_uses(family, drafts=True):
        assert use.source is not None  # noqa: S101 - only those are asked for
        there = [file.path for file in use.source.files]
        expected = use.expected
        missing = [path for path in expected if path not in there] if expected else []
        if missing and expected:
            found = len(expected) - len(missing)
            yield family.problem(
                use.quantization, f"{found} of {len(expected)} files of {use.title} are in "
                f"{use.where}; missing: {listing(missing)}", _nearest(missing[0], there))
        elif expected is None and use.spec.layout() == "folder":
            yield from _folder(family, use, there)
    for use, source in sources(family):
        there = [file.path for file in source.files]
        for node in use.hub.multimodal_projectors:
            if (path := text(node) or "") not in there:
                yield family.problem(node, f"the projector {path} is not in {use.where}",
                                     _nearest(path, there, _PROJECTOR_HINT))


def _folder(family: FamilyView, use: LockedUse, there: list[str]) -> Iterator[Problem]:
    weights = [path for path in there if "/" not in path and path.endswith(
        (".safetensors", ".bin", ".pt", ".pth"))]
    if not weights:
        yield family.problem(use.quantization, f"{use.where} has no weights for {use.title}",
                             "name the repository that holds the weights themselves")
    elif gaps := missing_shards(weights):
        yield family.problem(use.quantization, f"{use.where} is incomplete; missing: "
                             f"{listing(gaps)}", "tell its owner, or name another repository")


def _nearest(path: str, there: list[str], hint: str = _HINT) -> str:
    from difflib import get_close_matches  # only where something is missing

    alike = [name for name in there if name.endswith(PurePosixPath(path).suffix)]
    near = get_close_matches(path, alike, n=3, cutoff=0.3)
    return f"{hint}; nearest: {listing(near)}" if near else hint
