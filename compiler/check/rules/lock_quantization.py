"""The quantization is not that of the weights.

Why
---
A repository or file called one thing and quantized as another takes other memory and gives other
answers than the page says. Compared are the bits that `config.json` states, and the kind of file
that a GGUF header states.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-gptq
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-gptq",
      "files": [{"path": "model.safetensors"}],
      "config": {"quantization_method": "gptq", "bits": 8}}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-gptq
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-gptq",
      "files": [{"path": "model.safetensors"}],
      "config": {"quantization_method": "gptq", "bits": 4}}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.locked import LockedUse, locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from runtime.gguf import FILE_TYPES

CODE = "MB609"
NAME = "lock-quantization"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

_BITS = re.compile(r"(?i)(?:int|fp|mxfp|nvfp)?([2-8])(?:-?bits?)?(?![0-9]|[._][0-9])")
#: Names of kinds; quantizers have further ones, of which a header states the nearest.
_KINDS = frozenset(FILE_TYPES.values())


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare every quantization's name with what its weights state."""
    for use in locked_uses(family, drafts=True):
        found = _of_header(use) if use.header is not None else _of_config(use)
        if found:
            yield family.problem(
                use.quantization, f"the quantization is {use.name}, but {use.where} {found}",
                "correct the name, the file template or the repository")


def _of_config(use: LockedUse) -> str:
    config = use.source.config if use.source else None
    match = _BITS.match(use.name)
    if config is None or config.bits is None or match is None or int(match[1]) == config.bits:
        return ""
    return f"states {config.bits} bits"


def _of_header(use: LockedUse) -> str:
    """What the header states instead, for names that say the whole kind."""
    number = use.header.file_type if use.header else None
    stated = FILE_TYPES.get(number) if number is not None else None
    name = use.name.upper().replace("FP16", "F16").replace("FP32", "F32")
    meant = {name, f"{name}_M"} & _KINDS
    return f"states {stated} in its header" if stated and meant and stated not in meant else ""
