"""Which GPUs an engine may use, and how it may share a model among them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from runtime.errors import MisuseError, UserError
from runtime.manifest import Provider

_INDICES = re.compile(r"[0-9]+(,[0-9]+)*")
#: Accelerator → the variable that names the devices to use.
_VARIABLES = {"cuda": "CUDA_VISIBLE_DEVICES", "rocm": "HIP_VISIBLE_DEVICES"}
#: A configuration is small; what is not is no configuration.
_LARGEST_CONFIG = 4 << 20


def check(gpus: str | None, tensor_parallel_size: int | None, fraction: float | None) -> None:
    """Refuse what cannot be meant.

    Raises:
        MisuseError: A value is out of its range, or there are fewer GPUs than a model is cut for.
    """
    if gpus is not None and not _INDICES.fullmatch(gpus):
        raise MisuseError(f"{gpus!r} names no GPUs", code="gpus",
                          hint="give their indices, such as --gpus 0 or --gpus 0,1")
    named = gpus.split(",") if gpus else []
    if len(set(named)) != len(named):
        raise MisuseError(f"{gpus!r} names a GPU twice", code="gpus",
                          hint="give each index once")
    if tensor_parallel_size is not None and tensor_parallel_size < 1:
        raise MisuseError(f"{tensor_parallel_size} is not a number of GPUs",
                          code="tensor-parallel-size", hint="give 1 or more")
    if named and tensor_parallel_size is not None and tensor_parallel_size > len(named):
        raise MisuseError(f"--tensor-parallel-size {tensor_parallel_size} needs as many GPUs, and "
                          f"--gpus names {len(named)}", code="tensor-parallel-size",
                          hint="name more, or ask for a smaller size")
    if fraction is not None and not 0 < fraction <= 1:
        raise MisuseError(f"{fraction} is not a part of a GPU's memory",
                          code="gpu-memory-fraction", hint="give a number above 0 and up to 1")


def environment(provider: Provider, gpus: str | None) -> dict[str, str | None]:
    """The variables that keep an engine to some GPUs.

    Raises:
        UserError: The provider uses no GPU that can be chosen so.
    """
    if gpus is None:
        return {}
    chosen: dict[str, str | None] = {
        variable: gpus for name, variable in _VARIABLES.items() if name in provider.accelerators}
    if not chosen:
        raise UserError(f"{provider.name} uses no GPU that can be chosen",
                        code="unsupported-option",
                        why=f"it computes on {', '.join(provider.accelerators)}",
                        hint="leave --gpus out, or choose another --provider")
    return chosen


def check_heads(folder: Path, tensor_parallel_size: int | None) -> None:
    """Refuse to cut a model where its attention heads cannot be shared out evenly.

    Nothing is refused where the model's configuration does not say.

    Args:
        folder: Where `config.json` may be.
        tensor_parallel_size: GPUs that share each layer.

    Raises:
        UserError: The number of heads is not a multiple of it.
    """
    if tensor_parallel_size in (None, 1):
        return
    size = int(tensor_parallel_size or 1)
    heads = _heads(folder / "config.json")
    if heads is not None and heads % size:
        fitting = ", ".join(str(n) for n in range(1, min(heads, 64) + 1) if heads % n == 0)
        raise UserError(f"the model's {heads} attention heads cannot be shared by {size} GPUs",
                        code="tensor-parallel-size", hint=f"sizes that divide them: {fitting}")


def _heads(config: Path) -> int | None:
    try:
        if config.stat().st_size > _LARGEST_CONFIG:
            return None
        told = json.loads(config.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    for part in (told, told.get("text_config") if isinstance(told, dict) else None):
        heads = part.get("num_attention_heads") if isinstance(part, dict) else None
        if isinstance(heads, int) and heads > 0:
            return heads
    return None
