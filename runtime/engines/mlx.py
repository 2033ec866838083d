"""MLX: `mlx_lm.server` on Apple silicon, or on a Linux CPU with the CPU build."""

from __future__ import annotations

from runtime.engines.base import (
    PORT_TAKEN,
    Command,
    Failure,
    LocalModel,
    Runner,
    ServeOptions,
    option,
    refuse_api_key,
    refuse_gpu_options,
)
from runtime.errors import UserError

NAME = "MLX"
#: It answers 200 before the model is loaded; only a generation proves anything.
HEALTH: str | None = "/health"
UP: str | None = None
DRAFTS: tuple[str, ...] = ("folder",)
UNWANTED: dict[str, tuple[str, ...]] = {}
DEFAULT_CONTEXT: int | None = None
MEMORY = 1 << 28

FAILURES = (
    # The server stays alive after both of these.
    Failure(pattern=r"Address already in use", outcome="environment", fatal=True,
            reason=PORT_TAKEN,
            advice="leave --port out to have a free one chosen"),
    Failure(pattern=r"exceeding the size of the file|Invalid json header length"
                    r"|incomplete download or corrupt",
            reason="a safetensors file is damaged or incomplete", fatal=True,
            advice="delete the file and download it again"),
    Failure(pattern=r"No safetensors found", reason="the folder holds no weights", fatal=True,
            advice="check --model-path"),
    Failure(pattern=r"Model type (\S+) not supported",
            reason="this mlx-lm does not know the architecture {1}", fatal=True,
            advice="install a newer MLX"),
    Failure(pattern=r"generation thread died: ?(.*)",
            reason="the model could not be loaded", fatal=True),
)


def serve_command(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    """`mlx_lm.server --model FOLDER`; requests must name the engine's fixed model name."""
    refuse_api_key(NAME, options)
    refuse_gpu_options(NAME, options)
    if model.layout == "file":
        raise UserError("MLX does not load .gguf files", code="unsupported-format",
                        hint="use llama.cpp")
    name = options.fixed_name or "default_model"
    notes = [f"requests must name the model {name}: `mlx_lm.server` has no aliases"]
    if options.context_length is not None:
        notes.append("`mlx_lm.server` has no context limit of its own; "
                     "--context-length has no effect")
    argv = [*runner.program("mlx_lm.server"), "--model", str(model.path),
            "--host", options.host, "--port", str(options.port)]
    if options.chat_template is not None:
        argv += option("--chat-template", options.chat_template.text)
    if model.draft is not None:
        argv += ["--draft-model", str(model.draft)]
    if options.trust_remote_code:
        argv.append("--trust-remote-code")
    cache = options.cache / "huggingface"
    environment: dict[str, str | None] = {
        **runner.environment, "HF_HUB_OFFLINE": "1",
        # `/v1/models` lists this folder, and breaks off where there is none.
        "HF_HUB_CACHE": str(cache),
    }
    return Command(argv=[*argv, *options.extra], environment=environment,
                   served_model_name=name, folders=(cache,), notes=tuple(notes))
