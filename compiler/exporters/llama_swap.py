"""A llama-swap configuration: every promised combination as a model that it starts on demand.

llama-swap is a proxy that starts the server of the model that a request names and stops the one
before. Its `cmd` is any command that serves the OpenAI API on the port that it is given, which is
what `runtime launch` does; so the configuration needs no paths and stays the same on every machine.

Left out are combinations whose claim the engine's facts refute, engines that Modelbook does not
start, and those that take no model name known beforehand (`served_name: path`), since llama-swap
must know what to send.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.exporters import Source
from compiler.yamlwrite import write
from runtime.command import launch_argv, shell_line
from runtime.errors import UserError
from runtime.manifest import Engine, Family, Spec
from runtime.naming import combination_id

TITLE = "a llama-swap configuration that starts every combination on demand (config.yaml)"

_HEADER = """\
# Made by `compiler export llama-swap`. Download a model with `runtime pull` beforehand, since
# llama-swap gives up on a server that is not ready in time.
"""
#: Seconds until a server must answer; loading tens of gigabytes takes minutes.
_READY = 900
_LONGEST_NAME = 128
#: It numbers ports from 5800, one for each model.
_MOST_MODELS = 65536 - 5800


def export(source: Source) -> str:
    """The configuration's text.

    Raises:
        UserError: There is no combination, there are more than ports, or a text would act as a
            macro there.
    """
    engines = {engine.name: engine for engine in source.manifest.engines}
    models = {name: model for family in source.manifest.families for spec in family.specs
              for name, model in _models(family, spec, engines)}
    if not models:
        raise UserError("no combination can be told to llama-swap", code="not-exportable",
                        hint="name a specs folder whose families have engines, with --specs")
    if len(models) > _MOST_MODELS:
        raise UserError(f"{len(models)} combinations are more than llama-swap has ports for",
                        code="not-exportable", why=f"at most {_MOST_MODELS}",
                        hint="name a folder with fewer families, with --specs")
    return write({"healthCheckTimeout": _READY, "models": models}, header=_HEADER,
                 spaced=("models",))


def _models(family: Family, spec: Spec, engines: dict[str, Engine]
            ) -> Iterator[tuple[str, dict[str, str]]]:
    for claim in spec.engines:
        engine = engines.get(claim.engine)
        if engine is None or not engine.launchable or engine.served_name == "path":
            continue
        for quantization in claim.quantizations:
            if quantization not in claim.refuted:
                name = combination_id(family.name, spec.size_in_billions, spec.variant,
                                      spec.format, quantization, engine.name)
                yield name, _model(name, family, spec, quantization, engine)


def _model(name: str, family: Family, spec: Spec, quantization: str, engine: Engine
           ) -> dict[str, str]:
    command = shell_line(launch_argv(
        engine=engine.name, family=family.name, size_in_billions=spec.size_in_billions,
        model_format=spec.format, quantization=quantization, variant=spec.variant))
    size = spec.size_in_billions.replace("_", ".")
    title = f"{family.name} {size}B {quantization} ({engine.title})"
    if "${" in command + title:
        raise UserError(f"{name}: llama-swap would replace the text that begins with ${{",
                        code="not-exportable", hint="rename the family")
    return {"cmd": f"{command} --port ${{PORT}}", "name": title[:_LONGEST_NAME],
            "useModelName": engine.served_name_fixed or family.name}
