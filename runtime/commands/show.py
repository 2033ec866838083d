"""`runtime show NAME`: a family's specs, quantizations, hubs and engines, and what is refused."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from runtime import files, naming
from runtime.combination import Combination, all_combinations, hubs_with
from runtime.errors import shown
from runtime.fit import context_for, estimate_for, usual_engine
from runtime.hubs import TITLES
from runtime.locate import add_manifest_argument, load_manifest
from runtime.manifest import Deprecation, Family, Hub, Manifest, Spec
from runtime.memory import Estimate, estimate, human
from runtime.select import find_family


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("name", metavar="NAME", help="family, as `runtime list` prints it")
    parser.add_argument("--resolved", action="store_true",
                        help="every combination with its repository, revision and files")
    parser.add_argument("--why", action="store_true",
                        help="also what is refused, with the rule and its reason")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="form of the output (default: text)")
    add_manifest_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the family."""
    manifest = load_manifest(args)
    family = find_family(manifest, args.name)
    if args.format == "json":
        import msgspec

        body = _as_json(manifest, family, why=args.why)
        print(msgspec.json.format(msgspec.json.encode(body), indent=2).decode())
        return 0
    for line in _head(family):
        print(shown(line))
    for spec in family.specs:
        print()
        for line in (*_spec_lines(spec), *_memory_lines(family, spec)):
            print(shown(line))
        if args.resolved:
            for line in _resolved_lines(spec):
                print(shown(line))
        if args.why:
            for line in _refusals(manifest, family, spec):
                print(shown(line))
    return 0


def _head(family: Family) -> Iterator[str]:
    yield family.name
    yield f"  context length  {family.context_length}"
    yield f"  languages       {', '.join(family.languages)}"
    yield f"  abilities       {', '.join(family.abilities)}"
    if family.architectures:
        yield f"  architectures   {', '.join(family.architectures)}"
    if family.licence:
        yield f"  licence         {family.licence}"
    if family.deprecated:
        yield f"  deprecated      {_deprecated(family.deprecated)}"
    yield f"  {family.description}"


def _spec_lines(spec: Spec) -> Iterator[str]:
    size = naming.spec_key(spec.size_in_billions, spec.variant)
    yield f"{spec.format}, size {size}"
    yield f"  quantizations  {', '.join(spec.quantizations)}"
    for hub in spec.hubs:
        at = f" at {hub.revision}" if hub.revision else ""
        only = "" if hub.quantizations == spec.quantizations \
            else f" ({', '.join(hub.quantizations)})"
        yield f"  {TITLES.get(hub.hub, hub.hub)}: {hub.repo_id}{at}{only}"
        if hub.multimodal_projectors:
            yield f"    projector    {hub.multimodal_projectors[0]}"
        if hub.draft is not None:
            names = ", ".join(hub.draft.quantizations)
            yield f"    draft model  {hub.draft.repo_id}" + (f" ({names})" if names else "")
    for claim in spec.engines:
        if good := [q for q in claim.quantizations if q not in claim.refuted]:
            only = "" if good == spec.quantizations else f" ({', '.join(good)})"
            yield f"  engine {claim.engine}{only}"
    for name, deprecation in spec.deprecated_quantizations.items():
        yield f"  {name} is deprecated {_deprecated(deprecation)}"


def _memory_lines(family: Family, spec: Spec) -> Iterator[str]:
    """Disk and memory of each quantization, on the engine that loads most of them."""
    made = {name: _estimate(family, spec, name) for name in spec.quantizations}
    bases = {basis for _, basis in made.values() if basis}
    if len(bases) == 1:
        yield f"  memory, estimated {next(iter(bases))}"
    for name, (found, basis) in made.items():
        if found is None or found.total is None:
            yield f"    {name}: not known, since its name tells no bits"
        else:
            own = f" ({basis})" if len(bases) > 1 else ""
            yield f"    {name}: disk {human(found.disk or 0)}, memory {human(found.total)}{own}"


def _estimate(family: Family, spec: Spec, quantization: str) -> tuple[Estimate | None, str]:
    """An estimate, and what it stands on; empty where the name tells too little."""
    hubs, engine = hubs_with(spec, quantization), usual_engine(spec, quantization)
    if not hubs:
        return None, ""
    found = estimate(spec, hubs[0], quantization, engine=engine,
                     context_length=context_for(family, None))
    if found.total is None:
        return None, ""
    return found, f"{found.basis}; for {engine}" if engine else found.basis


def _deprecated(deprecation: Deprecation) -> str:
    successor = f"; use {deprecation.renamed_to}" if deprecation.renamed_to else ""
    return f"since {deprecation.since}: {deprecation.reason.rstrip('.')}{successor}"


def _resolved_lines(spec: Spec) -> Iterator[str]:
    for quantization in spec.quantizations:
        for hub in hubs_with(spec, quantization):
            paths = files.expected_files(hub, quantization)
            yield (f"    {quantization}: {hub.hub}:{files.repo_id(hub, quantization)}"
                   f"@{hub.revision or 'default branch'}"
                   f"  {', '.join(paths) if paths else '(the whole folder)'}")


def _refusals(manifest: Manifest, family: Family, spec: Spec) -> Iterator[str]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for c in all_combinations(manifest, family):
        if c.spec is spec and not c.verdict.supported:
            key = (c.engine.name, c.verdict.code, c.verdict.reason)
            grouped.setdefault(key, []).append(c.quantization)
    if unable := list(dict.fromkeys(key[0] for key in grouped if key[1] == "MB301")):
        yield f"  refused: {', '.join(unable)}: no loader for {spec.format} [MB301]"
    for (engine, code, reason), names in grouped.items():
        if code == "MB301":
            continue
        yield f"  refused: {engine}{_which(names, spec)}: {reason} [{code}]"
    limits: dict[tuple[str, str, str], list[str]] = {}
    for c in all_combinations(manifest, family):
        if c.spec is spec and c.verdict.supported:
            for refusal in c.partial_refusals():
                where = (f" on a processor without {', '.join(refusal.without_cpu_flags)}"
                         if refusal.without_cpu_flags else "")
                by = " and ".join(refusal.providers) or c.engine.name
                limits.setdefault((c.engine.name, by + where, refusal.reason), []).append(
                    c.quantization)
    for (engine, place, reason), names in limits.items():
        yield f"  {engine}{_which(names, spec)}, but not with {place}: {reason} [MB304]"


def _which(names: list[str], spec: Spec) -> str:
    return "" if len(names) == len(spec.quantizations) else f" {', '.join(names)}"


def _as_json(manifest: Manifest, family: Family, *, why: bool) -> dict[str, object]:
    everything = list(all_combinations(manifest, family))
    return {
        "digest": manifest.digest,
        "family": family,
        "combinations": [_combination(c) for c in everything
                         if c.promised and c.verdict.supported],
        **({"refused": [{"id": c.id, "rule": c.verdict.code, "reason": c.verdict.reason}
                        for c in everything if not c.verdict.supported]} if why else {}),
    }


def _combination(c: Combination) -> dict[str, object]:
    found = estimate_for(c)
    return {"id": c.id, "hubs": [_source(h, c.quantization) for h in
                                 hubs_with(c.spec, c.quantization)],
            "estimate": {"disk": found.disk, "memory": found.total, "cache": found.cache,
                         "reserve": found.reserve, "draft": found.draft,
                         "context_length": found.context_length,
                         "from_lock": found.from_lock}}


def _source(hub: Hub, quantization: str) -> dict[str, object]:
    return {"hub": hub.hub, "repo_id": files.repo_id(hub, quantization),
            "revision": hub.revision, "files": files.expected_files(hub, quantization)}
