"""Combinations: a family's spec at one quantization on one engine, with the hub that has its files.

Pure functions over manifest records; what is promised and what is refused is told apart here, so
that `list`, `show`, `launch`, `pull` and `verify` agree.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runtime import files, naming
from runtime.command import launch_argv, shell_line
from runtime.errors import UserError
from runtime.manifest import Engine, Family, Format, Hub, Locked, Manifest, Refuses, Spec
from runtime.memory import locked_source
from runtime.support import Verdict, judge, partial_refusals, provider_refusal


class Combination(msgspec.Struct, frozen=True):
    """One family × spec × quantization × engine, and where its files come from.

    Attributes:
        family: The family.
        spec: The spec within it.
        quantization: As the spec writes it.
        engine: The engine's facts.
        layout: `folder` or `file`: which of the two the engine is given.
        hub: The source of the files, with the spec's own values filled in.
        hub_name: Where they are read from: `hub.hub`, or `local` for a local copy of it.
        promised: The page names this engine for this quantization.
        verdict: What the engine's facts say.
        notices: What the user should know, one sentence each (deprecations, forced refusals).
    """

    family: Family
    spec: Spec
    quantization: str
    engine: Engine
    layout: str
    hub: Hub
    hub_name: str
    promised: bool
    verdict: Verdict
    notices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Such as `seed-oss/36/ggufv2/Q4_K_M/llama.cpp`."""
        return naming.combination_id(self.family.name, self.spec.size_in_billions,
                                     self.spec.variant, self.spec.format, self.quantization,
                                     self.engine.name)

    @property
    def launch_line(self) -> str:
        """The command that launches it, for a shell."""
        spec = self.spec
        return shell_line(launch_argv(
            engine=self.engine.name, family=self.family.name,
            size_in_billions=spec.size_in_billions, model_format=spec.format,
            quantization=self.quantization, variant=spec.variant))

    @property
    def repo_id(self) -> str:
        """The repository that holds the quantization."""
        return files.repo_id(self.hub, self.quantization)

    @property
    def expected_files(self) -> list[str] | None:
        """Exact paths in the repository, the projector's last; None for a folder format.

        Raises:
            UserError: As `weights_on`.
        """
        weights = self.weights_on(self.hub)
        return weights if weights is None or self.projector is None else [*weights, self.projector]

    def weights_on(self, hub: Hub) -> list[str] | None:
        """Exact paths of the weights on one of the spec's hubs; None for a folder format.

        Raises:
            UserError: One is not safe, or the catalogue does not name them (`file-unnamed`).
        """
        weights = files.expected_files(hub, self.quantization)
        if weights is None and self.layout == "file":
            repo = files.repo_id(hub, self.quantization)
            raise UserError(
                f"the catalogue does not say which file of {repo} is {self.quantization}",
                code="file-unnamed", why="such a repository holds several, and none is guessed",
                hint="name the file with --model-path, or add `file_template:` to the family's "
                     "YAML (rule MB230)")
        return weights

    @property
    def projector(self) -> str | None:
        """Path of the projector file that gives the model its vision or hearing, if it has one."""
        return next(iter(self.hub.multimodal_projectors), None)

    @property
    def locked(self) -> Locked | None:
        """What its repository was when the family was locked; None where it is not."""
        return locked_source(self.hub, self.quantization) if (
            self.hub_name == self.hub.hub) else None

    @property
    def original_repos(self) -> list[tuple[str, str]]:
        """Hubs and repositories of the unquantized model of the same size, where the family has it.

        Its configuration and tokenizer are those of every quantization.
        """
        return [(hub.hub, files.repo_id(hub, "none"))
                for spec in self.family.specs
                if spec.format == "pytorch" and spec.variant == self.spec.variant
                and spec.size_in_billions == self.spec.size_in_billions
                for hub in hubs_with(spec, "none")]

    @property
    def trust_remote_code(self) -> bool:
        """Whether the repository's own code must run for the model to load."""
        return self.spec.trust_remote_code

    @property
    def split(self) -> bool:
        """Whether its weights are in several files on every hub that has them."""
        hubs = hubs_with(self.spec, self.quantization)
        return bool(hubs) and all(files.is_split(hub, self.quantization) for hub in hubs)

    def partial_refusals(self) -> list[Refuses]:
        """What the engine's facts say against it on some providers or processors alone."""
        return partial_refusals(self.engine, model_format=self.spec.format,
                                quantization=self.quantization, split=self.split)

    def provider_refusal(self, provider: str) -> str:
        """Why one provider of the engine does not load it on this machine; empty where it does."""
        from runtime.machine import Machine

        machine = Machine.here()
        return provider_refusal(
            self.engine, provider, model_format=self.spec.format, quantization=self.quantization,
            split=self.split,
            lacks_flags=lambda flags: bool(machine.lacking_flags(flags)))


def combinations(manifest: Manifest, family: Family) -> Iterator[Combination]:
    """Every combination that the family's page promises, in page order."""
    for combination in all_combinations(manifest, family):
        if combination.promised:
            yield combination


def all_combinations(manifest: Manifest, family: Family) -> Iterator[Combination]:
    """Every quantization on every engine of the manifest, promised or not, in page order."""
    layouts = {item.name: item for item in manifest.formats}
    for spec in family.specs:
        order = {claim.engine: index for index, claim in enumerate(spec.engines)}
        engines = sorted(manifest.engines, key=lambda e: order.get(e.name, len(order)))
        for quantization in spec.quantizations:
            for engine in engines:
                yield _combination(layouts, family, spec, quantization, engine)


def _combination(layouts: dict[str, Format], family: Family, spec: Spec, quantization: str,
                 engine: Engine) -> Combination:
    hubs = hubs_with(spec, quantization)
    hub = hubs[0] if hubs else spec.hubs[0]
    layout = layouts[spec.format].layout if spec.format in layouts else "folder"
    return Combination(
        family=family, spec=spec, quantization=quantization, engine=engine, layout=layout,
        hub=hub, hub_name=hub.hub, promised=_promised(spec, quantization, engine),
        verdict=verdict(family, spec, quantization, engine))


def hubs_with(spec: Spec, quantization: str) -> list[Hub]:
    """The hubs that have the quantization, in order of preference."""
    return [hub for hub in spec.hubs if quantization in hub.quantizations]


def verdict(family: Family, spec: Spec, quantization: str, engine: Engine) -> Verdict:
    """What the engine's facts say of one quantization; the claim's own refusal counts as well."""
    hubs = hubs_with(spec, quantization)
    split = bool(hubs) and all(files.is_split(hub, quantization) for hub in hubs)
    found = judge(engine, model_format=spec.format, quantization=quantization,
                  architectures=family.architectures, split=split,
                  remote_code=spec.trust_remote_code)
    if not found.supported:
        return found
    for claim in spec.engines:
        if claim.engine == engine.name and quantization in claim.refuted:
            code, _, reason = claim.refuted[quantization].partition(" ")
            return Verdict(False, code.rstrip(":"), reason)
    return found


def _promised(spec: Spec, quantization: str, engine: Engine) -> bool:
    return any(claim.engine == engine.name
               and (quantization in claim.quantizations or quantization in claim.refuted)
               for claim in spec.engines)
