"""Transformers: `transformers serve`, pinned to one folder."""

from __future__ import annotations

from runtime.engines.base import (
    Command,
    Failure,
    LocalModel,
    Runner,
    ServeOptions,
    refuse_api_key,
    refuse_gpu_options,
)
from runtime.errors import UserError

NAME = "Transformers"
HEALTH: str | None = "/health"
UP: str | None = r"Application startup complete"
DRAFTS: tuple[str, ...] = ()
UNWANTED: dict[str, tuple[str, ...]] = {}
DEFAULT_CONTEXT: int | None = None
MEMORY = 1 << 30

FAILURES = (
    Failure(pattern=r"requires? (?:the )?[`']?(optimum|gptqmodel|bitsandbytes|accelerate)\b",
            reason="the engine's environment lacks {1}", outcome="environment",
            advice="install the engine again with the format's requirements: "
                   "`runtime engines install Transformers --for FORMAT`"),
    # GPTQModel, for weights in 4 and 8 bits on GPUs of the Hopper generation.
    Failure(pattern=r"in _download_cutlass_archive$", outcome="environment",
            reason="GPTQModel compiles its kernel for this GPU from CUTLASS's sources, and found "
                   "no network to fetch them",
            advice="start it once where it has one, or name them in GPTQMODEL_CUTLASS_DIR; its "
                   "log says which release"),
    Failure(pattern=r"model type [`']([\w-]+)[`'] but Transformers does not recognize",
            reason="this Transformers does not know the architecture {1}",
            advice="install a newer Transformers"),
    Failure(pattern=r"Error while deserializing header|InvalidHeader|HeaderTooLarge"
                    r"|MetadataIncompleteBuffer|IncompleteMetadata",
            reason="a safetensors file is damaged or incomplete",
            advice="delete the file and download it again"),
    Failure(pattern=r"no file named (?:pytorch_model|model\.safetensors)",
            reason="the folder holds no weights", advice="check --model-path"),
    Failure(pattern=r"trust_remote_code=True",
            reason="the model needs Python code of its own",
            advice="read that code, then pass --trust-remote-code"),
    Failure(pattern=r"does not appear to have a file named config\.json|Unrecognized model in",
            reason="the folder is not a Transformers model", advice="check --model-path"),
)


def serve_command(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    """`transformers serve FOLDER`; requests must name the folder."""
    refuse_api_key(NAME, options)
    refuse_gpu_options(NAME, options)
    if model.layout == "file":
        raise UserError("`transformers serve` does not load .gguf files", code="unsupported-format",
                        hint="use llama.cpp")
    notes = [f"requests must name the model {model.path}: `transformers serve` has no aliases"]
    if options.chat_template is not None:
        notes.append("`transformers serve` takes no chat template; the folder's own is used")
    if options.context_length is not None:
        notes.append("`transformers serve` has no context limit of its own; "
                     "--context-length has no effect")
    argv = [*runner.program("transformers.cli.transformers"), "serve", str(model.path),
            "--host", options.host, "--port", str(options.port)]
    if options.trust_remote_code:
        argv.append("--trust-remote-code")
    cache = options.cache / "huggingface"
    environment: dict[str, str | None] = {
        **runner.environment, "HF_HUB_OFFLINE": "1",
        # It lists this folder, and answers 500 where there is none.
        "HF_HUB_CACHE": str(cache),
    }
    return Command(argv=[*argv, *options.extra], environment=environment,
                   served_model_name=str(model.path), folders=(cache,), notes=tuple(notes))
