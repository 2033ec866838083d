"""Golden argument lists: engine x provider x format."""

from pathlib import Path

import msgspec
import pytest

from runtime.engines import MODULES, engine_module
from runtime.engines.base import ChatTemplate, LocalModel, Runner, ServeOptions, key_line
from runtime.errors import UserError
from tests.support.specs import shipped_manifest

PYTHON = Path("/env/bin/python")
FOLDER = Path("/models/m")
GGUF = LocalModel(folder=FOLDER, model_format="ggufv2", layout="file",
                  weights=(FOLDER / "q/m-00001-of-00002.gguf", FOLDER / "q/m-00002-of-00002.gguf"))
FOLDERS = {name: LocalModel(folder=FOLDER, model_format=name)
           for name in ("pytorch", "gptq", "awq", "fp8", "bnb", "mlx")}


def options(**more):
    given = {"port": 8000, "name": "fam", "cache": Path("/cache"), **more}
    return ServeOptions(**given)


def command(engine, runner, model, **more):
    return engine_module(engine).serve_command(runner, model, options(**more))


def test_llama_server_gets_the_first_part():
    runner = Runner(provider="llama-server", executable=Path("/bin/llama-server"))
    made = command("llama.cpp", runner, GGUF, context_length=4096)
    assert made.argv == [
        "/bin/llama-server", "--model", "/models/m/q/m-00001-of-00002.gguf", "--alias", "fam",
        "--host", "127.0.0.1", "--port", "8000", "--parallel", "4", "--kv-unified",
        "--ctx-size", "4096"]
    assert made.served_model_name == "fam"


def test_xllamacpp_is_served_by_our_script():
    made = command("LLAMA.CPP", Runner(provider="xllamacpp", python=PYTHON), GGUF)
    assert made.argv[:2] == ["/env/bin/python", "-I"]
    assert Path(made.argv[2]).name == "serve_xllamacpp.py"
    assert Path(made.argv[2]).is_file()
    assert made.argv[3:] == [
        "--model", "/models/m/q/m-00001-of-00002.gguf", "--alias", "fam", "--host", "127.0.0.1",
        "--port", "8000", "--parallel", "4", "--kv-unified"]


def test_llama_cpp_python():
    made = command("llama.cpp", Runner(provider="llama-cpp-python", python=PYTHON), GGUF,
                   context_length=512, api_key="k")
    assert made.argv == [
        "/env/bin/python", "-m", "llama_cpp.server", "--model", "/models/m/q/m-00001-of-00002.gguf",
        "--model_alias", "fam", "--host", "127.0.0.1", "--port", "8000", "--n_ctx", "512"]
    # Its server lets these variables win over its options.
    assert made.environment == {"API_KEY": "k", "CONFIG_FILE": None, "HOST": None, "PORT": None}


@pytest.mark.parametrize("model", FOLDERS.values(), ids=FOLDERS)
def test_folder_formats_get_the_folder(model):
    name = "MLX" if model.model_format == "mlx" else "Transformers"
    program = Path("/env/bin/program")
    made = command(name, Runner(provider="p", python=PYTHON, executable=program), model)
    expected = {"MLX": ["--model", "/models/m"], "Transformers": ["serve", "/models/m"]}[name]
    assert made.argv == ["/env/bin/program", *expected, "--host", "127.0.0.1", "--port", "8000"]
    assert made.served_model_name == {"MLX": "default_model", "Transformers": "/models/m"}[name]
    assert any("must name the model" in note for note in made.notes)
    assert made.environment["HF_HUB_CACHE"] == "/cache/huggingface"
    assert made.folders == (Path("/cache/huggingface"),)


@pytest.mark.parametrize(("provider", "beginning", "end"), [
    ("vllm", ["/env/bin/vllm", "serve", "/models/m"], []),
    ("vllm-cpu", ["/env/bin/python", "-m", "vllm.entrypoints.openai.api_server",
                  "--model", "/models/m"], ["--enforce-eager"]),
])
def test_vllm(provider, beginning, end):
    runner = Runner(provider=provider, python=PYTHON, executable=Path("/env/bin/vllm"))
    made = command("vllm", runner, FOLDERS["pytorch"], context_length=2048,
                   tool_parser="seed_oss", reasoning_parser="seed_oss")
    assert made.argv == [
        *beginning, "--served-model-name", "fam", "--host", "127.0.0.1", "--port", "8000",
        "--max-model-len", "2048", "--enable-auto-tool-choice", "--tool-call-parser", "seed_oss",
        "--reasoning-parser", "seed_oss", *end]


def test_vllm_gets_the_file_of_a_gguf():
    made = command("vllm", Runner(provider="vllm", executable=Path("/v")), GGUF)
    assert made.argv[:3] == ["/v", "serve", "/models/m/q/m-00001-of-00002.gguf"]
    assert "--tokenizer" not in made.argv
    assert any("--tokenizer FOLDER" in note for note in made.notes)


@pytest.mark.parametrize(("model", "size", "told"), [
    (GGUF, 2, True), (GGUF, 1, False), (GGUF, None, False), (FOLDERS["pytorch"], 2, False)])
def test_vllm_warns_of_a_gguf_that_gpus_share(model, size, told):
    made = command("vllm", Runner(provider="vllm", executable=Path("/v")), model,
                   tensor_parallel_size=size)
    assert any("gave wrong answers" in note for note in made.notes) is told


def test_vllm_gets_the_original_of_a_gguf_where_it_is_here():
    model = msgspec.structs.replace(GGUF, original=Path("/models/o"))
    made = command("vllm", Runner(provider="vllm", executable=Path("/v")), model)
    assert made.argv[-4:] == ["--tokenizer", "/models/o", "--hf-config-path", "/models/o"]
    assert not made.notes


RUNNERS = {
    "llama.cpp": [Runner(provider="llama-server", executable=Path("/p")),
                  Runner(provider="xllamacpp", python=PYTHON),
                  Runner(provider="llama-cpp-python", python=PYTHON)],
    "vllm": [Runner(provider="vllm", python=PYTHON)],
    "transformers": [Runner(provider="transformers", python=PYTHON)],
    "mlx": [Runner(provider="mlx", python=PYTHON)],
}
EVERY = [(engine, runner) for engine, runners in RUNNERS.items() for runner in runners]


@pytest.mark.parametrize(("engine", "runner"), EVERY, ids=lambda value: getattr(
    value, "provider", value))
class TestEveryProvider:
    def test_a_key_is_never_an_argument(self, engine, runner):
        model = GGUF if engine == "llama.cpp" else FOLDERS["pytorch"]
        if engine in ("mlx", "transformers"):
            with pytest.raises(UserError) as caught:
                command(engine, runner, model, api_key="sesame-1234")
            assert caught.value.code == "unsupported-option"
            return
        made = command(engine, runner, model, api_key="sesame-1234")
        assert "sesame-1234" not in " ".join(made.argv)
        assert [n for n, v in made.environment.items() if v == "sesame-1234"] == list(made.secrets)
        assert "sesame-1234" not in str(made.shown_environment())

    def test_a_name_that_looks_like_an_option_is_a_value(self, engine, runner):
        model = GGUF if engine == "llama.cpp" else FOLDERS["pytorch"]
        made = command(engine, runner, model, name="--trust-remote-code")
        # llama-server's parser, and argparse-free code, take the next word whatever it is.
        loose = [word for word in made.argv if word == "--trust-remote-code"]
        assert not loose or runner.provider in ("llama-server",)

    def test_extra_arguments_come_last_and_unchanged(self, engine, runner):
        model = GGUF if engine == "llama.cpp" else FOLDERS["pytorch"]
        extra = ("--x", "a b", "$(id)", "")
        assert command(engine, runner, model, extra=extra).argv[-4:] == list(extra)

    def test_code_of_the_model_runs_only_when_asked(self, engine, runner):
        model = GGUF if engine == "llama.cpp" else FOLDERS["pytorch"]
        assert "--trust-remote-code" not in command(engine, runner, model).argv
        asked = "--trust-remote-code" in command(engine, runner, model,
                                                 trust_remote_code=True).argv
        assert asked == (engine != "llama.cpp")

    def test_a_template_is_passed_or_said_to_be_ignored(self, engine, runner):
        model = GGUF if engine == "llama.cpp" else FOLDERS["pytorch"]
        template = ChatTemplate(text="{{ x }}", path=Path("/t.jinja"))
        made = command(engine, runner, model, chat_template=template)
        passed = {"/t.jinja", "{{ x }}"} & set(made.argv)
        assert passed or any("no chat template" in note for note in made.notes)


def test_every_launchable_engine_of_the_specs_has_its_module():
    names = {engine.name.lower() for engine in shipped_manifest().engines}
    assert set(MODULES) <= names
    for name in MODULES:
        assert engine_module(name).NAME.lower() == name
    with pytest.raises(UserError) as caught:
        engine_module("no-such-engine")
    assert caught.value.code == "engine-unknown"


@pytest.mark.parametrize(("engine", "lines", "reason", "outcome"), [
    ("llama.cpp", ["x", "E tensor 'a' data is not within the file bounds, model is corrupted or "
                   "incomplete", "E main: exiting due to model loading error"],
     "the .gguf file is damaged or incomplete", "failed"),
    ("llama.cpp", ["gguf_init_from_file: failed to open GGUF file '/x' (No such file)"],
     "the model file cannot be opened", "failed"),
    ("llama.cpp", ["error loading model architecture: unknown model architecture: 'new_arch'"],
     "this llama.cpp does not know the architecture new_arch", "failed"),
    ("mlx", ["INFO ok", "generation thread died: Repo id must be in the form"],
     "the model could not be loaded", "failed"),
    ("mlx", ["OSError: [Errno 98] Address already in use"],
     "the port was taken by another program", "environment"),
    ("vllm", ["ValueError: To serve at least one request ... the estimated maximum model length "
              "is 13776. Try increasing"], "the context does not fit into the memory left for it",
     "environment"),
    ("vllm", ["torch.OutOfMemoryError: CUDA out of memory. Tried"], "there is not enough memory",
     "environment"),
    ("vllm", ["ModuleNotFoundError: No module named 'torchvision'", "Value error, Model "
              "architectures ['Gemma3ForConditionalGeneration'] failed to be inspected. Please "
              "check the logs"], "its environment lacks the Python module torchvision",
     "environment"),
    ("vllm", ["ValueError: Detected some but not all shards of model.layers.0.self_attn.qkv_proj "
              "are quantized. All shards of", "Exception: WorkerProc initialization failed"],
     "vLLM joins the parts of model.layers.0.self_attn.qkv_proj, of which this file quantizes some "
     "and leaves others as they were", "failed"),
    ("vllm", ["api_server.py: error: unrecognized arguments: --disable-log-requests"],
     "the engine does not know an option that it was given", "failed"),
    ("vllm", ["  Value error, Unrecognized model in /m. Should have a `model_type` key in its "
              "config.json. [type=value_error]",
              "    For further information visit https://errors.pydantic.dev/2.14/v/value_error"],
     "vLLM does not read this architecture's configuration from the .gguf file", "failed"),
    # What a healthy start on a GPU says too.
    ("vllm", ["(EngineCore pid=7) INFO 11-25 22:24:42 [gpu_worker.py:857] Free memory on device "
              "(78.66/79.18 GiB) on startup. Desired GPU memory utilization is (0.92, 72.84 GiB).",
              "ValueError: something odd"], "", "failed"),
    ("vllm", ["(EngineCore pid=7) ERROR 11-25 22:25:55 [core.py:1330] RuntimeError: expected Half "
              "but found BFloat16",
              "(APIServer pid=2)     raise RuntimeError(",
              "(APIServer pid=2) RuntimeError: Engine core initialization failed. See root cause "
              "above. Failed core proc(s): {}"], "its engine core failed", "failed"),
    ("transformers", ["INFO  Kernel: selected -> `MacheteLinear`.",
                      '  File "/e/gptqmodel/utils/machete.py", line 379, in _ensure_cutlass_source',
                      "    _download_cutlass_archive(_CUTLASS_RELEASE_URL, archive_path)",
                      '  File "/e/gptqmodel/utils/machete.py", line 217, in '
                      "_download_cutlass_archive",
                      "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name "
                      "resolution>"],
     "GPTQModel compiles its kernel for this GPU from CUTLASS's sources, and found no network to "
     "fetch them", "environment"),
    ("transformers", ["urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name "
                      "resolution>"],
     "the engine wanted to fetch something and found no network", "environment"),
    ("transformers", ["ImportError: Loading a GPTQ quantized model requires optimum (pip install "
                      "optimum)"], "the engine's environment lacks optimum", "environment"),
    ("transformers", ["all fine", "ValueError: something odd", "bye"], "", "failed"),
])
def test_the_line_that_explains_a_failure(engine, lines, reason, outcome):
    found = key_line(lines, engine_module(engine).FAILURES)
    assert (found.reason, found.outcome) == (reason, outcome)
    assert found.line in [line.strip() for line in lines]
    if not reason:
        assert found.line == "ValueError: something odd"


def test_a_log_line_is_shown_without_control_characters():
    found = key_line(["\x1b[31merror: \x07bad\x1b[0m " + "y" * 1000], ())
    assert found.line.startswith("error: bad y")
    assert len(found.line) <= 300
    assert key_line([], ()) is None
    echo = '127.0.0.1 - - [25/Nov/2026 19:33:13] "GET /health HTTP/1.1" 503 error'
    assert key_line(["ValueError: x", echo], ()).line == "ValueError: x"
