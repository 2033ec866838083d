"""The format is not that of the checkpoint.

Why
---
A repository called AWQ may hold weights of another method, or none at all; an engine that is told
AWQ then fails after the download. What counts is the quantization that `config.json` states.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-awq
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-awq",
      "files": [{"path": "model.safetensors"}],
      "config": {"quantization_method": "compressed-tensors"}}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-awq
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-awq",
      "files": [{"path": "model.safetensors"}],
      "config": {"quantization_method": "awq"}}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB608"
NAME = "lock-format"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

#: Format → the methods that its checkpoints state.
_METHODS = {
    "gptq": ("gptq", "gptqmodel", "auto-round", "auto_gptq"), "awq": ("awq",),
    "bnb": ("bitsandbytes",), "fp8": ("fp8", "fbgemm_fp8", "compressed-tensors", "modelopt"),
    "fp4": ("mxfp4", "nvfp4", "modelopt", "modelopt_fp4", "compressed-tensors"),
    "mlx": ("mlx",),
}
#: Methods that have a format of their own, and so are none of unquantized weights.
_OTHERS = frozenset({"gptq", "awq", "bitsandbytes", "mlx"})
_UNQUANTIZED = frozenset({"none", "bf16", "fp16"})


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the format with the method that the configuration states."""
    for use in locked_uses(family):
        node = use.spec.node.get("format")
        if node is None or use.source is None or use.source.config is None:
            continue
        found = use.source.config.quantization_method
        fitting = _fitting(use.spec.format, use.name, found)
        if fitting is None or found in fitting:
            continue
        says = f"states the method {found}" if found else "states no quantization"
        wants = listing([name or "none" for name in fitting])
        yield family.problem(node, f"the format is {use.spec.format} ({wants}), but {use.where} "
                             f"{says}", "correct the format, or name another repository")


def _fitting(model_format: str, quantization: str, found: str | None,
             ) -> tuple[str | None, ...] | None:
    """The methods that fit; None where any does."""
    if model_format == "pytorch":
        return (None,) if quantization == "none" and found in _OTHERS else None
    methods = _METHODS.get(model_format)
    if methods and model_format == "mlx" and quantization in _UNQUANTIZED:
        return (*methods, None)
    return methods
