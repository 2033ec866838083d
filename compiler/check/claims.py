"""What engine facts say of the engines that specs state, for the rules on claims."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from compiler.check.view import FamilyView, Problem, SpecView
from compiler.check.words import listing
from compiler.read.nodes import Scalar
from compiler.resolve import text
from runtime.manifest import Engine
from runtime.support import Verdict


class Claim(msgspec.Struct, frozen=True):
    """An engine that a spec states.

    Attributes:
        node: Where.
        engine: Its facts.
        refused: Quantization → verdict, for those that it does not load.
        wholly: Whether it loads none at all.
    """

    node: Scalar
    engine: Engine
    refused: dict[str, Verdict]
    wholly: bool

    @property
    def first(self) -> Verdict:
        """The verdict on the first quantization that is refused."""
        return next(iter(self.refused.values()))


def claims(spec: SpecView) -> Iterator[Claim]:
    """The engines that a spec states and the catalogue knows."""
    for node in spec.engines:
        engine = spec.family.catalogue.engine(text(node) or "")
        if engine is None:
            continue
        verdicts = spec.verdicts(engine)
        refused = {name: verdict for name, verdict in verdicts.items() if not verdict.supported}
        yield Claim(node, engine, refused, len(refused) == len(verdicts))


def refuted(family: FamilyView, code: str) -> Iterator[Problem]:
    """The claims that hold for no quantization, where `code` is the first reason."""
    for spec in family.specs:
        for claim in claims(spec):
            if claim.wholly and claim.refused and claim.first.code == code:
                loading = [engine.record.name for engine in family.catalogue.engines
                           if spec.loads(engine.record)]
                yield family.problem(
                    claim.node, claim.first.reason.rstrip("."),
                    f"{spec.title()} is loaded by {listing(loading)}; leave `engines:` out to have "
                    "them filled in" if loading else "delete the engine from the list",
                    [family.related(spec.anchor, f"the spec is {spec.title()}")])


def why_none(spec: SpecView) -> str:
    """Why each engine refuses a spec's first quantization, in one line."""
    name = spec.names()[0]
    reasons = [spec.verdicts(engine.record)[name].reason.rstrip(".")
               for engine in spec.family.catalogue.engines]
    return "; ".join(reasons)
