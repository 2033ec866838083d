"""llama.cpp: its own C++ server, or the same server inside xllamacpp, or llama-cpp-python's."""

from __future__ import annotations

from pathlib import Path

from runtime.engines.base import (
    Command,
    Failure,
    LocalModel,
    Runner,
    ServeOptions,
    option,
    refuse_gpu_options,
)
from runtime.errors import UserError

NAME = "llama.cpp"
HEALTH: str | None = "/health"
UP: str | None = r"\blistening on http"
DRAFTS: tuple[str, ...] = ("file",)
UNWANTED: dict[str, tuple[str, ...]] = {}
#: Left to itself it would reserve memory for the whole of what the model was trained on.
DEFAULT_CONTEXT: int | None = 8192
MEMORY = 1 << 28

#: Requests that the C++ server answers side by side. They share one key-value cache, so that each
#: may use the whole context length that was asked for.
PARALLEL = 4
SERVE_XLLAMACPP = Path(__file__).with_name("serve_xllamacpp.py")

FAILURES = (
    Failure(pattern=r"data is not within the file bounds|model is corrupted or incomplete"
                    r"|failed to read key-value pairs|failed to read magic",
            reason="the .gguf file is damaged or incomplete",
            advice="delete the file and download it again"),
    Failure(pattern=r"invalid magic characters",
            reason="the file is not a GGUF file", advice="check --model-path"),
    Failure(pattern=r"failed to open GGUF file '([^']*)'|Model path does not exist: (.*)",
            reason="the model file cannot be opened",
            advice="check that {1} exists and is readable"),
    Failure(pattern=r"unknown model architecture: '([^']*)'",
            reason="this llama.cpp does not know the architecture {1}",
            advice="install a newer llama.cpp"),
    Failure(pattern=r"unknown (?:pre-tokenizer|tokenizer)[^:]*: '?([^']*)'?",
            reason="this llama.cpp does not know the model's tokenizer",
            advice="install a newer llama.cpp"),
    Failure(pattern=r"failed to parse chat template|template supplied is not supported",
            reason="the chat template cannot be used", advice="check the family's chat template"),
    Failure(pattern=r"missing split|split_files|failed to load.*split",
            reason="a part of the split model is missing", advice="download the model again"),
    Failure(pattern=r"error loading model: (.+)", reason="llama.cpp cannot load the model"),
    Failure(pattern=r"AMX is not ready to be used", outcome="environment",
            reason="this build of llama.cpp needs a newer processor",
            advice="use the provider xllamacpp: `runtime engines install llama.cpp`"),
)


def serve_command(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    """The command of `llama-server`, of our launcher for xllamacpp, or of `llama_cpp.server`."""
    refuse_gpu_options(NAME, options)  # it spreads layers over all GPUs that it sees
    if not model.weights:
        raise UserError(f"llama.cpp is given a .gguf file, and {model.folder} names none",
                        code="weights-missing", hint="name the file with --model-path")
    if runner.provider == "llama-cpp-python":
        return _llama_cpp_python(runner, model, options)
    return _native(runner, model, options)


def _native(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    """The C++ server; our launcher for xllamacpp takes the same options."""
    environment: dict[str, str | None] = {**runner.environment}
    if runner.provider == "xllamacpp":
        if runner.python is None:
            raise UserError("xllamacpp needs its Python interpreter", code="engine-broken",
                            hint="name it with --engine-python")
        # Isolated: the modules beside the script must not be taken for libraries of their names.
        argv = [str(runner.python), "-I", str(SERVE_XLLAMACPP)]
    else:
        argv = runner.program("llama_server")
    # Our launcher's argparse takes `-x` for an option; llama-server takes the next word as it is.
    alias = option("--alias", options.name) if runner.provider == "xllamacpp" else [
        "--alias", options.name]
    argv += ["--model", str(model.path), *alias,
             "--host", options.host, "--port", str(options.port),
             "--parallel", str(PARALLEL), "--kv-unified"]
    if options.context_length is not None:
        argv += ["--ctx-size", str(options.context_length)]
    if model.projector is not None:
        argv += ["--mmproj", str(model.projector)]
    if model.draft is not None:
        argv += ["--model-draft", str(model.draft)]
    if options.chat_template is not None:
        argv += ["--jinja", "--chat-template-file", str(options.chat_template.path)]
    # Read by llama-server itself, and by our launcher; LLAMA_ARG_* of the user's own shell would
    # change the command behind its back, so the most harmful ones are removed.
    environment |= {"LLAMA_API_KEY": options.api_key, "LLAMA_ARG_MODEL_URL": None,
                    "LLAMA_ARG_HF_REPO": None}
    return Command(argv=[*argv, *options.extra], environment=environment,
                   served_model_name=options.name, secrets=("LLAMA_API_KEY",))


def _llama_cpp_python(runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
    argv = [*runner.run_module("llama_cpp.server"), "--model", str(model.path),
            *option("--model_alias", options.name), "--host", options.host,
            "--port", str(options.port)]
    if options.context_length is not None:
        argv += ["--n_ctx", str(options.context_length)]
    notes = ["llama-cpp-python answers one request at a time"]
    if model.projector is not None:
        notes.append("llama-cpp-python is not given the projector; the model takes text only")
    if model.draft is not None:
        notes.append("llama-cpp-python is not given the draft model")
    if options.chat_template is not None:
        notes.append("llama-cpp-python takes no chat template; the file's own is used")
    # Its settings fall back to variables of these names, and HOST and PORT even win over options.
    environment: dict[str, str | None] = {
        **runner.environment, "API_KEY": options.api_key,
        "CONFIG_FILE": None, "HOST": None, "PORT": None,
    }
    return Command(argv=[*argv, *options.extra], environment=environment,
                   served_model_name=options.name, secrets=("API_KEY",), notes=tuple(notes))
