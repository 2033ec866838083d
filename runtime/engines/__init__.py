"""Inference engines: one module each, found here by the engine's name without regard to case."""

from __future__ import annotations

import importlib
from typing import cast

from runtime.engines.base import Engine
from runtime.errors import MisuseError, UserError
from runtime.manifest import Engine as EngineRecord
from runtime.manifest import Manifest

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


def find_engine(manifest: Manifest, name: str) -> EngineRecord:
    """The facts of the engine called `name`, without regard to case.

    Raises:
        MisuseError: There is none; the nearest name is in the message.
    """
    from difflib import get_close_matches

    known = {engine.name.casefold(): engine for engine in manifest.engines}
    if engine := known.get(name.casefold()):
        return engine
    near = get_close_matches(name.casefold(), known, n=1)
    names = ", ".join(engine.name for engine in manifest.engines)
    raise MisuseError(f"there is no engine named {name!r}", code="no-such-engine",
                      hint=(f"did you mean {known[near[0]].name}? " if near else "")
                      + f"engines: {names}")
