"""From a combination to a server that answers: engine, command line, process, first answer."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from runtime import drafting, gpus, home, logs, ports, running
from runtime.combination import Combination
from runtime.engines import engine_module
from runtime.engines.base import ChatTemplate, Command, Engine, LocalModel, Runner, ServeOptions
from runtime.engines.environments import Installation, find
from runtime.engines.probing import check_flags
from runtime.errors import MisuseError, UserError
from runtime.machine import Machine
from runtime.manifest import Engine as EngineFacts
from runtime.manifest import Provider
from runtime.probe import PROMPT, QUESTION, Answer, Client, base_url
from runtime.process import Supervised
from runtime.readiness import LaunchError, Target, wait_until_ready
from runtime.request import Request, check
from runtime.storage import write_whole

Report = Callable[[str], None]

#: Credentials that an engine does not need, since it is given local files.
_NOT_FOR_ENGINES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN",
                    "MODELSCOPE_API_TOKEN")
#: So many ports are tried, one after the other, where each is taken by others at the last moment.
_PORTS = 5
#: More than any API key has, in bytes.
_LONGEST_KEY = 1 << 16


class Prepared(msgspec.Struct, frozen=True):
    """A combination with an engine that can start it; nothing is running yet.

    Attributes:
        combination: What to serve.
        request: How.
        installation: The engine on this machine.
        provider: Its facts.
        engine: Its module.
        context_length: Tokens of one request; None where it is left to the engine.
        notes: What the user should know.
    """

    combination: Combination
    request: Request
    installation: Installation
    provider: Provider
    engine: Engine
    context_length: int | None
    notes: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Beginning of the server's id."""
        return self.combination.family.slug

    @property
    def chats(self) -> bool:
        """Whether the model chats, or continues text only."""
        return "chat" in self.combination.family.abilities

    @property
    def title(self) -> str:
        """How to call the engine in messages."""
        version = f" {self.installation.version}" if self.installation.version else ""
        name = self.combination.engine.name
        provider = self.installation.provider
        return f"{name} ({provider}{version})" if provider != name.lower() else f"{name}{version}"


def prepare(combination: Combination, request: Request, *, ask: bool = True) -> Prepared:
    """Check everything that can be refused before a byte is downloaded.

    Args:
        combination: What to serve.
        request: How.
        ask: Ask an engine what options it has, if that is quick and was not done before.

    Raises:
        UserError: The engine is absent or incomplete, or the request does not fit the combination.
    """
    engine = engine_module(combination.engine.name)
    check(combination, request)
    installation, provider = find(_willing(combination, request), provider=request.provider,
                                  python=request.engine_python)
    if not (request.force or request.try_refused):
        _check_provider(combination, provider.name)
    lacking = installation.lacks(combination.verdict.requires)
    if lacking and not request.force:
        command = (f"runtime engines install {combination.engine.name} "
                   f"--for {combination.spec.format}")
        raise UserError(
            f"{combination.engine.name} needs {', '.join(lacking)} for {combination.spec.format}",
            code="engine-incomplete", why=f"{installation.python} does not have it", hint=command,
            details={"install": command, "lacking": lacking})
    context, notes = _context(combination, request, engine)
    prepared = Prepared(combination, request, installation, provider, engine, context,
                        (*combination.notices, *notes))
    if not request.force:
        # The files' names do not matter to what options there are.
        model = drafting.expected(combination)
        argv = serve_command(prepared, model, request.port or ports.FIRST).argv
        check_flags(installation, provider, argv, title=prepared.title, ask=ask)
    return prepared


def _willing(combination: Combination, request: Request) -> EngineFacts:
    """The engine with the providers that load the combination here first."""
    engine = combination.engine
    if request.provider is not None or request.force:
        return engine
    order = sorted(engine.providers, key=lambda each: bool(combination.provider_refusal(each.name)))
    return msgspec.structs.replace(engine, providers=order)


def _check_provider(combination: Combination, provider: str) -> None:
    if reason := combination.provider_refusal(provider):
        machine = Machine.here()
        others = [each.name for each in combination.engine.providers
                  if not (machine.refuses(each) or combination.provider_refusal(each.name))]
        raise MisuseError(
            f"{provider} does not load {combination.spec.format} {combination.quantization} here: "
            f"{reason}", code="provider-refused", why="rule MB304",
            hint=(f"--provider {others[0]} may; " if others else "another engine may; ")
            + "--force tries it all the same",
            details={"rule": "MB304", "reason": reason, "provider": provider, "others": others})


def _context(combination: Combination, request: Request, engine: Engine,
             ) -> tuple[int | None, list[str]]:
    if request.context_length is not None:
        return request.context_length, []
    whole, default = combination.family.context_length, engine.DEFAULT_CONTEXT
    if default is None or default >= whole:
        return (whole if default is not None else None), []
    return default, [f"serving {default} of {whole} tokens of context; "
                     "--context-length asks for more"]


def planned(combination: Combination, request: Request) -> Prepared:
    """Like `prepare`, but for an engine that is not installed: as if it were.

    Raises:
        UserError: As `prepare`, but for `engine-missing`.
    """
    try:
        return prepare(combination, request, ask=False)
    except UserError as error:
        if error.code != "engine-missing" or request.engine_python is not None:
            raise
        from runtime.engines.environments import would_be_installed

        installation, provider = would_be_installed(combination.engine, request.provider)
        engine = engine_module(combination.engine.name)
        context, notes = _context(combination, request, engine)
        missing = f"{error.message}: {error.hint}"
        return Prepared(combination, request, installation, provider, engine, context,
                        (*combination.notices, missing, *notes, *provider.notes))


def serve_command(prepared: Prepared, model: LocalModel, port: int) -> Command:
    """The command that serves `model`: what `--dry-run` prints and what is run."""
    combination, request = prepared.combination, prepared.request
    family, facts = combination.family, combination.engine
    options = ServeOptions(
        host=request.host, port=port, name=request.served_model_name or family.name,
        fixed_name=facts.served_name_fixed, context_length=prepared.context_length,
        chat_template=_template(family.chat_template),
        tool_parser=family.tool_parser.get(facts.name) if facts.needs_tool_parser else None,
        reasoning_parser=(family.reasoning_parser.get(facts.name)
                          if facts.needs_reasoning_parser else None),
        trust_remote_code=request.trust_remote_code, api_key=request.api_key,
        tensor_parallel_size=request.tensor_parallel_size,
        gpu_memory_fraction=request.gpu_memory_fraction,
        cache=home.data_home() / "cache", extra=request.extra)
    runner: Runner = prepared.installation.runner(prepared.provider)
    command = prepared.engine.serve_command(runner, model, options)
    environment: dict[str, str | None] = dict.fromkeys(_NOT_FOR_ENGINES)
    environment["PYTHONUNBUFFERED"] = "1"
    environment |= gpus.environment(prepared.provider, request.gpus)
    if prepared.installation.origin != "chosen":
        environment |= {"PYTHONPATH": None, "PYTHONHOME": None}
    return msgspec.structs.replace(command, environment={**environment, **command.environment})


def _template(text: str | None) -> ChatTemplate | None:
    if text is None:
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return ChatTemplate(text=text, path=home.data_home() / "cache" / f"template-{digest}.jinja")


class Server(msgspec.Struct):
    """A server that answers.

    Attributes:
        prepared: What it serves and how.
        process: Its process.
        target: What was waited for.
        entry: What is recorded of it.
        command: How it was started.
        answer: Its first answer.
        seconds: From start to that answer.
    """

    prepared: Prepared
    process: Supervised
    target: Target
    entry: running.Running
    command: Command
    answer: Answer
    seconds: float

    @property
    def client(self) -> Client:
        """A client of it."""
        return self.target.client

    def curl(self, api_key_file: Path | None = None) -> str:
        """A line for a shell that asks it a question."""
        return curl_line(self.entry.base_url, self.entry.served_model_name,
                         chat=self.answer.via == "chat", api_key_file=api_key_file)

    def detach(self) -> None:
        """Let it live on without us."""
        self.entry = msgspec.structs.replace(self.entry, detached=True)
        running.write(self.entry)
        self.process.detach()

    def stop(self) -> None:
        """End it; nothing is left when this returns."""
        self.process.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(prepared: Prepared, model: LocalModel, port: ports.Port, *, report: Report,
          tick: Callable[[], None] = lambda: None) -> Server:
    """Start the engine and wait until it answers; nothing is left running if it does not.

    Where the port was left to us and another program took it before the engine could, the next free
    one is tried; `port` is then moved to it. `tick` is called many times a second; what it raises
    ends the start.

    Raises:
        UserError: It did not come up, with the reason that its log gives.
    """
    for _ in range(_PORTS - 1):
        try:
            return _start(prepared, model, port, report, tick)
        except LaunchError as error:
            if prepared.request.port is not None or not error.port_taken:
                raise
            taken = port.number
            port.advance(prepared.request.host)
            report(f"another program took port {taken}; trying {port.number}")
    return _start(prepared, model, port, report, tick)


def _start(prepared: Prepared, model: LocalModel, port: ports.Port, report: Report,
           tick: Callable[[], None]) -> Server:
    command = serve_command(prepared, model, port.number)
    gpus.check_heads(model.folder, prepared.request.tensor_parallel_size)
    _prepare_files(prepared, command)
    identity = f"{prepared.identity}-{port.number}"
    log = logs.new_log(identity)
    began = time.monotonic()
    process = Supervised.start(command.argv, log, environment=command.environment,
                               run_file=running.run_file(identity), keep_open=(port.lock,))
    try:
        entry = _record(prepared, model, command, process, identity, port.number)
        running.write(entry)
        request = prepared.request
        client = Client(request.host, port.number, command.served_model_name, request.api_key)
        target = Target(process, prepared.engine, client, port.number, prepared.chats,
                        prepared.title)
        answer = wait_until_ready(target, timeout=request.timeout, report=report, tick=tick)
        seconds = time.monotonic() - began
        entry = msgspec.structs.replace(entry, ready=True)
        running.write(entry)
    except BaseException:
        process.stop()
        raise
    return Server(prepared, process, target, entry, command, answer, seconds)


def _prepare_files(prepared: Prepared, command: Command) -> None:
    for folder in command.folders:
        home.ensure_folder(folder)
    template = _template(prepared.combination.family.chat_template)
    if template is not None and not template.path.exists():
        home.ensure_folder(template.path.parent)
        write_whole(template.path, template.text.encode())


def _record(prepared: Prepared, model: LocalModel, command: Command, process: Supervised,
            identity: str, port: int) -> running.Running:
    host = prepared.request.host
    return running.Running(
        id=identity, combination=prepared.combination.id, engine=prepared.combination.engine.name,
        provider=prepared.installation.provider, version=prepared.installation.version,
        served_model_name=command.served_model_name, host=host, port=port,
        base_url=base_url(host, port), log=process.log, guard_pid=process.guard_pid,
        guard_started=running.began_at(process.guard_pid) or 0.0, engine_pid=process.pid,
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), folder=model.folder)


def curl_line(url: str, model: str, *, chat: bool, api_key_file: Path | None = None) -> str:
    """A shell line that asks a server a question, quoted right for any model name."""
    body: dict[str, object] = {"model": model}
    if chat:
        body["messages"] = [{"role": "user", "content": QUESTION}]
        path = "chat/completions"
    else:
        body |= {"prompt": PROMPT, "max_tokens": 32}
        path = "completions"
    words = ["curl", shlex.quote(f"{url}/{path}"), "-H", "'Content-Type: application/json'"]
    if api_key_file is not None:
        words += ["-H", f'"Authorization: Bearer $(cat {shlex.quote(str(api_key_file))})"']
    return " ".join([*words, "-d", shlex.quote(json.dumps(body, ensure_ascii=False))])


def read_api_key(path: Path) -> str:
    """The key in a file, which is what keeps it out of command lines and process lists.

    Raises:
        UserError: The file cannot be read or holds no usable key.
    """
    try:
        with path.expanduser().open("rb") as stream:  # which may never end, as /dev/zero
            key = stream.read(_LONGEST_KEY).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MisuseError(f"cannot read the API key in {path}: {why}", code="api-key",
                          hint="name a file that holds the key and nothing else") from None
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise MisuseError(f"{path} does not hold one API key", code="api-key",
                          hint="put one word of printable ASCII into it")
    return key


def exposure_note(host: str, api_key: str | None) -> str | None:
    """A warning where others than this machine reach the server."""
    if ports.is_loopback(host):
        return None
    who = "everyone on the network who has the key" if api_key else "everyone on the network"
    return f"{host} lets {who} use the model; leave --host out to keep it to this machine"


def check_platform() -> None:
    """Refuse where engines cannot be supervised.

    Raises:
        UserError: This is Windows.
    """
    if sys.platform == "win32":
        raise UserError("engines cannot be launched on Windows yet", code="platform",
                        hint="run Modelbook inside WSL")
