"""Inference engines: one module each, found here by the engine's name without regard to case."""

from __future__ import annotations

import importlib
from typing import cast

from runtime.engines.base import Engine
from runtime.errors import UserError

#: Engine name in lower case → module in this package.
MODULES = {
    "llama.cpp": "llama_cpp",
    "mlx": "mlx",
    "transformers": "transformers",
    "vllm": "vllm",
}


def engine_module(name: str) -> Engine:
    """The module that knows how to serve with the engine `name`.

    Raises:
        UserError: Modelbook has facts but no launcher for it.
    """
    module = MODULES.get(name.lower())
    if module is None:
        raise UserError(f"this version of Modelbook cannot start {name}", code="engine-unknown",
                        hint="it starts " + ", ".join(sorted(MODULES)))
    return cast("Engine", importlib.import_module(f"runtime.engines.{module}"))
