"""What probed releases have, for the rules that compare specs with them."""

from __future__ import annotations

from compiler.check.view import CatalogueView
from compiler.check.words import listing
from runtime.facts import EngineFacts

#: Format → what the engines' own names of its quantization method hold.
METHODS = {"gptq": "gptq", "awq": "awq", "fp8": "fp8", "bnb": "bitsandbytes", "ggufv2": "gguf"}


def told_by(catalogue: CatalogueView, engine: str, kind: str,
            ) -> tuple[list[EngineFacts], frozenset[str]]:
    """The newest releases of an engine that tell one kind of facts, and all that these have.

    Args:
        catalogue: Where the facts are.
        engine: Engine name, any case.
        kind: Field of `EngineFacts`.
    """
    telling = [each for each in catalogue.releases(engine) if getattr(each, kind) is not None]
    return telling, frozenset(name for each in telling for name in getattr(each, kind))


def which(releases: list[EngineFacts]) -> str:
    """How messages call the releases: `vllm 0.26.0`."""
    return listing([f"{each.provider} {each.version}" for each in releases])


def has_method(release: EngineFacts, model_format: str) -> bool:
    """Whether a release has the quantization method of a format."""
    method = METHODS.get(model_format)
    return method is not None and any(method in name for name
                                      in release.quantization_methods or ())
