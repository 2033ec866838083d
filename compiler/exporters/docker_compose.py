"""A Compose file with a service for each combination that an engine's own image can serve.

Images are those that the engines' projects publish and document: vLLM's `vllm/vllm-openai`
(https://docs.vllm.ai/en/latest/deployment/docker.html), tagged with the release, whose entry point
is `vllm serve`, and llama.cpp's `ghcr.io/ggml-org/llama.cpp:server` (docs/docker.md of its
repository). Their servers fetch the weights from Hugging Face themselves. Each service has a
profile of its own name, so that none starts unless it is asked for: `docker compose --profile NAME
up`.

Left out is what such an image cannot do as `runtime launch` does: combinations whose claim the
engine's facts refute or that need a plugin, weights that are not on Hugging Face, GGUF files in
several parts or with a projector, families with a chat template of their own, and specs that run
the repository's code. Engines without such an image are left out, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compiler.exporters import Source
from compiler.yamlwrite import write
from runtime import files
from runtime.errors import UserError
from runtime.manifest import Engine, Family, Hub, Spec
from runtime.memory import locked_source
from runtime.naming import combination_id, spec_key

TITLE = "a Compose file that serves every combination an engine's own image can (compose.yaml)"

_HEADER = """\
# Made by `compiler export docker-compose`. Nothing starts unless it is named:
#   docker compose --profile SERVICE up
# PORT, HF_TOKEN, VLLM_IMAGE and LLAMA_CPP_IMAGE may be set in the environment or in .env. For
# llama.cpp on a GPU: the image ghcr.io/ggml-org/llama.cpp:server-cuda, and a reservation as vLLM's.
"""
_PORT = 8000
#: What Compose would replace.
_DOLLAR = ("$", "$$")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One combination, and the repository that its weights come from."""

    family: Family
    spec: Spec
    quantization: str
    engine: Engine
    hub: Hub

    @property
    def repo_id(self) -> str:
        return files.repo_id(self.hub, self.quantization)

    @property
    def id(self) -> str:
        return combination_id(self.family.name, self.spec.size_in_billions, self.spec.variant,
                              self.spec.format, self.quantization, self.engine.name)


def export(source: Source) -> str:
    """The file's text.

    Raises:
        UserError: There is no such combination, or two of them would be one service.
    """
    engines = {engine.name: engine for engine in source.manifest.engines}
    services: dict[str, dict[str, Any]] = {}
    for family in source.manifest.families:
        for choice in _choices(family, engines):
            name = _service_name(choice)
            if name in services:
                raise UserError(f"two combinations would be the service {name}",
                                code="not-exportable", hint="rename one of their families")
            services[name] = _service(name, choice)
    if not services:
        raise UserError("no combination can be served by an engine's own image",
                        code="not-exportable",
                        hint="name a specs folder whose families are on Hugging Face, with --specs")
    return write({"services": services, "volumes": {"cache": {}}}, header=_HEADER,
                 spaced=("services", "volumes"))


def _choices(family: Family, engines: dict[str, Engine]) -> Iterator[_Choice]:
    if family.chat_template is not None:
        return
    for spec in family.specs:
        for claim in spec.engines:
            engine = engines.get(claim.engine)
            if engine is None or engine.name not in _SERVERS or spec.trust_remote_code:
                continue
            if any(loads.requires for loads in engine.loads if loads.format == spec.format):
                continue
            for quantization in claim.quantizations:
                hub = next((hub for hub in spec.hubs if hub.hub == "huggingface"
                            and quantization in hub.quantizations), None)
                if hub is not None and quantization not in claim.refuted:
                    choice = _Choice(family, spec, quantization, engine, hub)
                    if _SERVERS[engine.name](choice) is not None:
                        yield choice


def _service_name(choice: _Choice) -> str:
    size = spec_key(choice.spec.size_in_billions, choice.spec.variant)
    parts = (choice.family.slug, size, choice.spec.format, choice.quantization, choice.engine.name)
    return re.sub(r"[^A-Za-z0-9._-]", "-", "-".join(parts))


def _service(name: str, choice: _Choice) -> dict[str, Any]:
    server = _SERVERS[choice.engine.name](choice)
    assert server is not None  # noqa: S101 - `_choices` yields no other
    image, command, more = server
    return {
        "profiles": [name], "image": image,
        "command": [word.replace(*_DOLLAR) for word in command],
        "ports": [f"127.0.0.1:${{PORT:-{_PORT}}}:{_PORT}"],
        "environment": {"HF_TOKEN": "${HF_TOKEN:-}"}, "volumes": ["cache:/root/.cache"], **more}


_Server = tuple[str, list[str], dict[str, Any]]


def _vllm(choice: _Choice) -> _Server | None:
    """Image, arguments of its server, and what else the service needs."""
    release = next((requirement.removeprefix("vllm==") for provider in choice.engine.providers
                    for requirement in provider.requirements if requirement.startswith("vllm==")),
                   None)
    if release is None:
        return None
    command = [choice.repo_id]
    locked = locked_source(choice.hub, choice.quantization)
    if revision := locked.commit if locked else choice.hub.revision:
        command += ["--revision", revision]
    command += ["--served-model-name", choice.family.name]
    if parser := choice.family.tool_parser.get(choice.engine.name):
        command += ["--enable-auto-tool-choice", "--tool-call-parser", parser]
    if parser := choice.family.reasoning_parser.get(choice.engine.name):
        command += ["--reasoning-parser", parser]
    gpus = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    return f"${{VLLM_IMAGE:-vllm/vllm-openai:v{release}}}", command, {
        "ipc": "host", "deploy": {"resources": {"reservations": {"devices": [gpus]}}}}


def _llama_cpp(choice: _Choice) -> _Server | None:
    weights = files.expected_files(choice.hub, choice.quantization)
    if (weights is None or len(weights) != 1 or choice.hub.multimodal_projectors
            or choice.hub.revision):  # it cannot be told a revision
        return None
    command = ["--hf-repo", choice.repo_id, "--hf-file", weights[0], "--alias", choice.family.name,
               "--host", "0.0.0.0", "--port", str(_PORT)]  # noqa: S104 - inside the container
    return "${LLAMA_CPP_IMAGE:-ghcr.io/ggml-org/llama.cpp:server}", command, {}


_SERVERS: dict[str, Callable[[_Choice], _Server | None]] = {
    "vLLM": _vllm, "llama.cpp": _llama_cpp}
