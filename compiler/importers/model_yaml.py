"""A `model.yaml` (draft 1.0 of https://modelyaml.org, as LM Studio's catalogue has it) to a draft.

The form names repositories without their files, so quantizations and file names stay open. Which
format a repository holds follows from `compatibilityTypes` where that names one, else from the
repository's own name. The document as a whole is kept under `extensions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.importers._drafts import Draft, Drafts, read_yaml, size_in_billions
from compiler.importers._json import Place
from compiler.new import Facts, SpecFacts

TITLE = "a model.yaml, as LM Studio's catalogue has it, as a draft to complete"

_EXTENSION = "model.yaml"
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([MBT])", re.IGNORECASE)
_GGUF = re.compile(r"(?:\A|[-_.])gguf(?:\Z|[-_.])", re.IGNORECASE)
_MLX = re.compile(r"(?:\A|[-_.])mlx(?:\Z|[-_.])", re.IGNORECASE)
_MLX_BITS = re.compile(r"(?:\A|[-_.])([2-8])bit(?:\Z|[-_.])", re.IGNORECASE)
#: Their flag → our ability; `mixed` says that only some of the models have it.
_ABILITIES = {"reasoning": "reasoning", "trainedForToolUse": "tools", "vision": "vision"}


def convert(data: bytes, file: str) -> Drafts:
    """A draft from the file's bytes; see `compiler.importers`."""
    place = read_yaml(data, file)
    whole = place.field("model").expect(str)
    told = place.value.get("metadataOverrides") or {}
    metadata = Place(told, file, "$.metadataOverrides").expect(dict)
    name = whole.rpartition("/")[2]
    if (domain := metadata.get("domain", "llm")) not in ("llm", "vlm"):
        return Drafts([], [f"{whole}: specs describe no models of the domain {domain!r}"])
    base = place.field("base")
    if isinstance(base.value, str):
        base.refuse(f"it stands on another model.yaml, {base.value}",
                    why="where the weights are is said there", hint="import that file")
    notes = [f"Imported from the model.yaml of {whole}, which says only what stands here."]
    specs = list(_specs(base, metadata, notes))
    if not specs:
        return Drafts([], [f"{whole}: {notes[-1]}"])
    lengths = metadata.get("contextLengths")
    length = lengths[0] if isinstance(lengths, list) and len(lengths) == 1 else None
    abilities = [ours for theirs, ours in _ABILITIES.items() if metadata.get(theirs) is True]
    facts = Facts(
        name, specs, context_length=length if type(length) is int and length > 1 else None,
        abilities=["chat", *abilities] if abilities else (), notes=notes, drafted=True)
    return Drafts([Draft(facts, {"extensions": {_EXTENSION: place.value}})])


def _specs(base: Place, metadata: Mapping[str, Any], notes: list[str]) -> Iterator[SpecFacts]:
    """A spec for each repository whose format is known."""
    sizes = {found for text in _listed(metadata, "paramsStrings")
             if (match := _SIZE.fullmatch(text))
             and (found := size_in_billions(match[1], match[2].upper()))}
    size = sizes.pop() if len(sizes) == 1 else None
    kinds = _listed(metadata, "compatibilityTypes")
    for entry in base.items():
        key = entry.field("key").expect(str)
        for source in entry.field("sources").items():
            if (kind := source.field("type").expect(str)) != "huggingface":
                notes.append(f"{key} also comes from {kind}, which is no hub that specs name.")
                continue
            repo_id = (f"{source.field('user').expect(str)}/{source.field('repo').expect(str)}")
            spec = _spec(repo_id, kinds, size)
            if spec:
                yield spec
            else:
                notes.append(f"{repo_id}: its format is not said, so it has no spec.")


def _spec(repo_id: str, kinds: list[str], size: str | None) -> SpecFacts | None:
    repo = repo_id.partition("/")[2]
    if kinds == ["gguf"] or _GGUF.search(repo):
        return SpecFacts("ggufv2", size, repo_id, undecided=True)
    if not _MLX.search(repo):
        return None
    bits = _MLX_BITS.search(repo)
    return SpecFacts("mlx", size, repo_id, [f"{bits[1]}bit"] if bits else [],
                     undecided=bits is None)


def _listed(metadata: Mapping[str, Any], key: str) -> list[str]:
    value = metadata.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
