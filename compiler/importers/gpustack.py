"""GPUStack's model catalogue (`model-catalog.yaml`) to drafts of families.

Its form is documented at https://docs.gpustack.ai/latest/user-guide/model-catalog/. A model set
becomes a family; its specs are ways to deploy it, of which several may name one repository. They
become one spec a format and repository, and are kept as they are under `extensions: {gpustack: …}`
with everything else that our fields do not hold. The form states neither languages nor
architectures, and a context such as `128K` that may be 128,000 or 131,072 tokens: those stay open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from compiler.importers._drafts import Draft, Drafts, read_yaml, size_in_billions
from compiler.importers._json import Place
from compiler.importers._shape import fits
from compiler.new import Facts, SpecFacts

TITLE = "the YAML model catalogue of GPUStack (model-catalog.yaml), as drafts to complete"

#: Field of a deployment → the hub whose repository it names.
_HUBS = {"huggingface_repo_id": "huggingface", "model_scope_model_id": "modelscope"}
#: Their capabilities → our abilities.
_ABILITIES = {"tools": "tools", "reasoning": "reasoning", "vision": "vision", "audio": "audio"}
#: Their name of a quantization, in capitals → our format and quantization; None: not told.
_QUANTIZATIONS: dict[str, tuple[str, str | None]] = {
    "BF16": ("pytorch", "none"), "FP16": ("pytorch", "none"), "FP32": ("pytorch", "none"),
    "FP8": ("fp8", "FP8"), "MXFP4": ("fp4", "fp4"), "AWQ": ("awq", None), "GPTQ": ("gptq", None),
    "AWQ-INT4": ("awq", "Int4"), "GPTQ-INT4": ("gptq", "Int4"), "GPTQ-INT8": ("gptq", "Int8"),
}
#: What a model set says in fields of ours.
_TAKEN = ("name", "description", "size", "activated_size")
_ENGINES = {"vllm": "vLLM", "sglang": "SGLang"}
_PARSERS = {"--tool-call-parser": "tool_parser", "--reasoning-parser": "reasoning_parser"}


def convert(data: bytes, file: str) -> Drafts:
    """Drafts from the file's bytes, in its order; see `compiler.importers`."""
    catalogue = read_yaml(data, file)
    families: list[Draft] = []
    left_out: list[str] = []
    for place in catalogue.field("model_sets").items():
        name = place.field("name").expect(str)
        kinds = _texts(place, "categories")
        if kinds and "llm" not in kinds:
            left_out.append(f"{name}: specs describe no models for {', '.join(kinds)}")
            continue
        draft = _family(place, name)
        if draft.facts.specs:
            families.append(draft)
        else:
            left_out.append(f"{name}: {'; '.join(draft.facts.notes[-1:]) or 'it has no specs'}")
    left_out += [f"draft model {place.field('name').expect(str)}: no family there names it"
                 for place in _items(catalogue, "draft_models")]
    return Drafts(families, left_out)


def _family(place: Place, name: str) -> Draft:
    data = place.expect(dict)
    notes = ["Imported from a GPUStack catalogue, which says only what stands here."]
    capabilities = _texts(place, "capabilities")
    for capability in capabilities:
        if capability.startswith("context/"):
            notes.append(f"GPUStack says {capability}: find the number of tokens.")
    abilities = [ours for theirs, ours in _ABILITIES.items() if theirs in capabilities]
    size = _size(data, "size")
    specs = list(_specs(place, size, _size(data, "activated_size"), notes))
    hubs = tuple(dict.fromkeys(hub for hub, _ in specs))
    licences = _texts(place, "licenses")
    description = data.get("description")
    facts = Facts(
        name, [spec for hub, spec in specs if hub == hubs[0]],
        abilities=["chat", *abilities] if abilities else (),
        description=description.strip() if isinstance(description, str) else None,
        hubs=hubs[:1], licence=licences[0] if len(licences) == 1 else None, notes=notes,
        drafted=True)
    notes += [f"{spec.repo_id} on {hub}: add it to the hubs of its spec."
              for hub, spec in specs if hub != hubs[0]]
    fields: dict[str, Any] = {}
    taken = [*_TAKEN, *(["licenses"] if len(licences) == 1 else [])]
    if fits(data.get("home"), ("homepage",)):
        fields["homepage"] = data["home"]
        taken.append("home")
    fields |= _parsers(place, notes)
    fields["extensions"] = {"gpustack": {key: value for key, value in data.items()
                                         if key not in taken}}
    return Draft(facts, fields)


def _size(data: Mapping[str, Any], key: str) -> str | None:
    return size_in_billions(data.get(key), str(data.get("size_unit") or "B"))


def _specs(place: Place, size: str | None, activated: str | None, notes: list[str],
           ) -> Iterator[tuple[str, SpecFacts]]:
    """A hub and a spec for each format and repository that the deployments name."""
    seen: set[tuple[str, str, str, str]] = set()
    for deployment in place.field("specs").items():
        data = deployment.expect(dict)
        told = str(data.get("quantization") or "")
        for key, hub in _HUBS.items():
            if not isinstance(repo_id := data.get(key), str):
                continue
            found = _format(data, told)
            if found is None:
                notes.append(f"{repo_id}: what format the quantization {told!r} stands for is "
                             "not known, so it has no spec.")
                continue
            model_format, quantization = found
            key_of = (hub, model_format, repo_id, quantization or "")
            if key_of not in seen:
                seen.add(key_of)
                yield hub, SpecFacts(
                    model_format, size, repo_id, [quantization] if quantization else [],
                    file_template=_file(data), activated_size_in_billions=activated,
                    undecided=quantization is None)
        if not any(isinstance(data.get(key), str) for key in _HUBS):
            notes.append(f"A spec with the source {data.get('source')!r} names no repository.")


def _format(data: Mapping[str, Any], told: str) -> tuple[str, str | None] | None:
    names = [data.get("huggingface_filename"), data.get("model_scope_file_path")]
    if any(isinstance(name, str) and name.endswith(".gguf") for name in names):
        return "ggufv2", told or None
    return _QUANTIZATIONS.get(told.upper())


def _file(data: Mapping[str, Any]) -> str | None:
    """The file that is named, unless it is a pattern."""
    for key in ("huggingface_filename", "model_scope_file_path"):
        name = data.get(key)
        if isinstance(name, str) and not any(char in name for char in "*?[]{}"):
            return name
    return None


def _parsers(place: Place, notes: list[str]) -> dict[str, Any]:
    """Engine → parser, where all deployments with an engine agree."""
    told: dict[str, dict[str, list[str]]] = {"tool_parser": {}, "reasoning_parser": {}}
    for deployment in place.field("specs").items():
        engine = _ENGINES.get(str(deployment.value.get("backend")).lower())
        words = [word for text in _texts(deployment, "backend_parameters")
                 for word in text.replace("=", " ", 1).split()]
        for option, value in pairwise(words):
            if engine and option in _PARSERS and fits({engine: value}, (_PARSERS[option],)):
                values = told[_PARSERS[option]].setdefault(engine, [])
                values += [] if value in values else [value]
    for field, engines in told.items():
        notes += [f"{field} for {engine}: {' or '.join(values)}?"
                  for engine, values in engines.items() if len(values) > 1]
    agreed = {field: {engine: values[0] for engine, values in engines.items() if len(values) == 1}
              for field, engines in told.items()}
    return {field: engines for field, engines in agreed.items() if engines}


def _texts(place: Place, key: str) -> list[str]:
    return [item.expect(str) for item in _items(place, key)]


def _items(place: Place, key: str) -> list[Place]:
    value = place.expect(dict).get(key)
    return [] if value is None else Place(value, place.file, f"{place.path}.{key}").items()
