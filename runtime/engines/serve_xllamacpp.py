"""Serves one GGUF file with llama.cpp's own server as xllamacpp carries it.

Run by the interpreter of the engine's environment, with nothing but the standard library and
xllamacpp. It takes the options of `llama-server` that matter for serving, under the same names, and
refuses any other. The API key comes from the variable LLAMA_API_KEY, as for `llama-server`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("-m", "--model", required=True, metavar="FILE")
    add("-a", "--alias", metavar="NAME")
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8080)
    add("-c", "--ctx-size", type=int, dest="n_ctx", metavar="TOKENS")
    add("-np", "--parallel", type=int, dest="n_parallel", metavar="N")
    add("-kvu", "--kv-unified", action="store_true", default=None, dest="kv_unified")
    add("-t", "--threads", type=int, default=_number("LLAMA_ARG_THREADS"), metavar="N")
    add("-tb", "--threads-batch", type=int, metavar="N")
    add("-b", "--batch-size", type=int, dest="n_batch", metavar="N")
    add("-ub", "--ubatch-size", type=int, dest="n_ubatch", metavar="N")
    add("-n", "--predict", "--n-predict", type=int, dest="n_predict", metavar="N")
    add("-ngl", "--gpu-layers", "--n-gpu-layers", type=int, dest="n_gpu_layers", metavar="N",
        default=_number("LLAMA_ARG_N_GPU_LAYERS"))
    add("-mg", "--main-gpu", type=int, dest="main_gpu", metavar="INDEX")
    add("-fa", "--flash-attn", choices=("on", "off", "auto"))
    add("-ctk", "--cache-type-k", metavar="TYPE")
    add("-ctv", "--cache-type-v", metavar="TYPE")
    add("-cram", "--cache-ram", type=int, dest="cache_ram_mib", metavar="MIB",
        help="what the caches of earlier prompts may take; 0: none is kept")
    add("--rope-freq-base", type=float, dest="rope_freq_base", metavar="N")
    add("--rope-freq-scale", type=float, dest="rope_freq_scale", metavar="N")
    add("-mm", "--mmproj", metavar="FILE")
    add("-md", "--model-draft", metavar="FILE")
    add("--spec-type", choices=("draft-simple", "draft-eagle3", "draft-mtp", "draft-dflash"),
        default="draft-simple", help="how the draft model guesses")
    add("--spec-draft-n-max", type=int, metavar="N", help="tokens that it guesses at most")
    add("--jinja", action="store_true", default=None, dest="use_jinja")
    add("--chat-template-file", metavar="FILE")
    add("--reasoning-format", choices=("none", "auto", "deepseek", "deepseek-legacy"))
    add("--reasoning-budget", type=int, metavar="N", help="-1: unlimited, 0: no reasoning")
    add("--no-warmup", action="store_false", default=None, dest="warmup")
    add("--metrics", action="store_true", default=None, dest="endpoint_metrics")
    add("--timeout", type=int, metavar="SECONDS")
    add("-lv", "--verbosity", type=int, dest="verbosity", metavar="LEVEL")
    return parser


#: Options that are fields of xllamacpp's parameters as they are.
_FIELDS = ("n_ctx", "n_parallel", "kv_unified", "n_batch", "n_ubatch", "n_predict", "n_gpu_layers",
           "main_gpu", "rope_freq_base", "rope_freq_scale", "use_jinja", "warmup",
           "endpoint_metrics", "verbosity", "cache_ram_mib")


def _number(variable: str) -> int | None:
    try:
        return int(os.environ[variable])
    except (KeyError, ValueError):
        return None


def parameters(args: argparse.Namespace, xllamacpp: Any) -> Any:
    """The engine's parameters that the options ask for."""
    params = xllamacpp.CommonParams()
    params.model.path = args.model
    params.hostnames = [args.host]
    params.port = args.port
    if args.alias:
        params.model_alias = {args.alias}
    for field in _FIELDS:
        if (value := getattr(args, field)) is not None:
            setattr(params, field, value)
    if args.threads is not None:
        params.cpuparams.n_threads = args.threads
    if args.threads_batch is not None:
        params.cpuparams_batch.n_threads = args.threads_batch
    if args.flash_attn is not None:
        kinds = xllamacpp.llama_flash_attn_type
        params.flash_attn_type = {
            "on": kinds.LLAMA_FLASH_ATTN_TYPE_ENABLED, "off": kinds.LLAMA_FLASH_ATTN_TYPE_DISABLED,
            "auto": kinds.LLAMA_FLASH_ATTN_TYPE_AUTO}[args.flash_attn]
    for field in ("cache_type_k", "cache_type_v"):
        if (name := getattr(args, field)) is not None:
            setattr(params, field, _cache_type(name, xllamacpp.ggml_type))
    if args.mmproj is not None:
        params.mmproj.path = args.mmproj
    if args.model_draft is not None:
        _draft(params.speculative, args, xllamacpp.common_speculative_type)
    if args.chat_template_file is not None:
        params.chat_template = Path(args.chat_template_file).read_text(encoding="utf-8")
    if args.reasoning_format is not None:
        name = args.reasoning_format.upper().replace("-", "_")
        params.reasoning_format = getattr(xllamacpp.common_reasoning_format,
                                          f"COMMON_REASONING_FORMAT_{name}")
    if args.reasoning_budget is not None:
        params.sampling.reasoning_budget_tokens = args.reasoning_budget
    if args.timeout is not None:
        params.timeout_read = params.timeout_write = args.timeout
    if key := os.environ.pop("LLAMA_API_KEY", None):
        params.api_keys = [key]
    return params


def _draft(params: Any, args: argparse.Namespace, kinds: Any) -> None:
    kind = args.spec_type.upper().replace("-", "_")
    params.types = [getattr(kinds, f"COMMON_SPECULATIVE_TYPE_{kind}")]
    params.draft.mparams.path = args.model_draft
    if args.spec_draft_n_max is not None:
        params.draft.n_max = args.spec_draft_n_max


def _cache_type(name: str, kinds: Any) -> Any:
    try:
        return getattr(kinds, f"GGML_TYPE_{name.upper()}")
    except AttributeError:
        raise ValueError(f"invalid argument: there is no cache type {name}") from None


def main() -> int:
    """Serve until SIGTERM or SIGINT; a second signal ends the process at once."""
    args = _parser().parse_args()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        # While the model loads, control is inside C++ and a Python handler would not run.
        signal.signal(number, signal.SIG_DFL)
    import xllamacpp  # type: ignore[import-not-found]  # only in the engine's environment

    try:
        server = xllamacpp.Server(parameters(args, xllamacpp))
    except (RuntimeError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)  # noqa: T201  # a program of its own
        return 1
    stop = threading.Event()
    for number in signals:
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    for number in signals:
        # Ending waits for answers in the making; whoever is in a hurry signals again.
        signal.signal(number, signal.SIG_DFL)
    del server
    return 0


if __name__ == "__main__":
    sys.exit(main())
