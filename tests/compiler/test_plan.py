"""The manifest says everything that the YAML says, with what is inherited filled in."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Any

import msgspec
import pytest

from compiler.plan import plan
from compiler.read.nodes import Mapping
from compiler.read.parse import parse
from compiler.schema import files
from runtime.manifest import (
    Deprecation,
    Draft,
    Engine,
    Family,
    Format,
    Hub,
    Loads,
    Manifest,
    Provider,
    Refuses,
    Spec,
    decode,
    encode,
)

ENGINES = {
    "vllm": """
        name: vLLM
        title: vLLM
        description: d
        homepage: https://example.org
        loads:
          - {format: pytorch}
          - {format: gptq, quantizations: [Int4]}
          - {format: ggufv2}
        refuses:
          - {format: ggufv2, split_files: true, reason: It opens one file.}
        architectures: {Known: "1"}
        providers: [{name: p, platforms: [linux], accelerators: [cpu]}]
    """,
    "llama.cpp": """
        name: llama.cpp
        title: llama.cpp
        description: d
        homepage: https://example.org
        loads: [{format: ggufv2}]
        providers: [{name: p, platforms: [linux], accelerators: [cpu]}]
    """,
    "transformers": """
        name: Transformers
        title: Transformers
        description: d
        homepage: https://example.org
        loads: [{format: pytorch}, {format: gptq}]
        providers: [{name: p, platforms: [linux], accelerators: [cpu]}]
    """,
}
HEAD = """\
name: {name}
context_length: 8192
languages: [en, no]
abilities: [chat]
description: A model.
{more}specs:
"""


@dataclass(frozen=True)
class File:
    kind: str
    relative: str
    root: Mapping
    lock: None = None


def read(kind: str, relative: str, text: str) -> File:
    root, findings = parse(dedent(text).lstrip().encode(), relative)
    assert isinstance(root, Mapping), findings
    return File(kind, relative, root)


def engines() -> list[File]:
    return [read("engine", f"engines/{name}.yaml", text) for name, text in ENGINES.items()]


def family(specs: str, name: str = "demo", more: str = "") -> File:
    text = HEAD.format(name=name, more=more) + indent(dedent(specs).strip(), "  ") + "\n"
    return read("family", f"families/{name}.yaml", text)


def planned(*documents: File) -> Manifest:
    return plan([*engines(), *documents])


def first(specs: str, **more: str) -> Spec:
    return planned(family(specs, **more)).families[0].specs[0]


def promises(spec: Spec) -> dict[str, list[str]]:
    return {claim.engine: claim.quantizations for claim in spec.engines}


GGUF = """
    - format: ggufv2
      size_in_billions: 36
      quantizations: [BF16, Q4_0, Q8_0]
      repo_id: o/m-GGUF
      revision: "1.0"
      file_template: m-{quantization}.gguf
      split_file_template: m-{quantization}-{part}.gguf
      split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
      hubs:
        huggingface: {}
        modelscope: {repo_id: p/m, revision: master, quantizations: [Q8_0, Q4_0]}
"""


def test_hubs_inherit_what_they_do_not_state():
    one, two = first(GGUF).hubs
    assert (one.hub, one.repo_id, one.revision) == ("huggingface", "o/m-GGUF", "1.0")
    assert one.quantizations == ["BF16", "Q4_0", "Q8_0"]
    assert one.split_parts == {"BF16": ["00001-of-00002", "00002-of-00002"]}
    assert (two.hub, two.repo_id, two.revision) == ("modelscope", "p/m", "master")
    assert two.quantizations == ["Q8_0", "Q4_0"]
    assert two.file_template == "m-{quantization}.gguf"
    assert two.split_parts == {}


def test_engines_are_derived_from_their_facts_in_reverse_order():
    spec = first(GGUF)
    assert promises(spec) == {"vLLM": ["Q4_0", "Q8_0"], "llama.cpp": ["BF16", "Q4_0", "Q8_0"]}
    assert list(promises(spec)) == ["vLLM", "llama.cpp"]
    assert not spec.engines_stated
    assert not any(claim.refuted for claim in spec.engines)


def test_stated_engines_are_claims_and_say_what_refutes_them():
    spec = first(GGUF + "      engines: [Transformers, VLLM, other]\n")
    assert spec.engines_stated
    assert [claim.engine for claim in spec.engines] == ["other", "vLLM", "Transformers"]
    by_name = {claim.engine: claim for claim in spec.engines}
    assert by_name["vLLM"].quantizations == ["BF16", "Q4_0", "Q8_0"]
    assert by_name["vLLM"].refuted == {"BF16": "MB304 It opens one file."}
    assert set(by_name["Transformers"].refuted) == {"BF16", "Q4_0", "Q8_0"}
    assert by_name["Transformers"].refuted["Q4_0"].startswith("MB301 ")


def test_no_engine_may_be_claimed():
    spec = first(GGUF + "      engines: []\n")
    assert spec.engines_stated
    assert spec.engines == []


def test_an_architecture_that_an_engine_lacks_takes_it_away():
    specs = """
        - format: pytorch
          size_in_billions: 7
          quantizations: [none]
          repo_id: o/m
          hubs: {huggingface: {}}
    """
    assert list(promises(first(specs, more="architectures: [Known]\n"))) == ["vLLM", "Transformers"]
    assert list(promises(first(specs, more="architectures: [Other]\n"))) == ["Transformers"]


def test_the_repository_s_own_code_gives_an_architecture_to_an_engine_that_runs_it():
    specs = """
        - format: pytorch
          size_in_billions: 7
          quantizations: [none]
          repo_id: o/m
          revision: 0123456789abcdef0123456789abcdef01234567
          trust_remote_code: {}
          hubs: {{huggingface: {{}}}}
    """
    facts = ENGINES["transformers"].replace(
        "providers:", 'architectures: {Known: "1"}\n        runs_remote_code: true\n        '
        "providers:")
    engine = read("engine", "engines/transformers.yaml", facts)
    for allowed, promised in (("true", ["Transformers"]), ("false", [])):
        document = family(specs.format(allowed), more="architectures: [Other]\n")
        spec = plan([engine, document]).families[0].specs[0]
        assert list(promises(spec)) == promised


@pytest.mark.parametrize(("typed", "size"), [
    ("36", "36"), ('"36"', "36"), ("1_8", "1_8"), ("0_5", "0_5"), ('"0_135"', "0_135")])
def test_sizes_stay_as_written(typed: str, size: str):
    spec = first(GGUF.replace("size_in_billions: 36", f"size_in_billions: {typed}"))
    assert spec.size_in_billions == size


def test_text_stays_text():
    made = planned(family(GGUF)).families[0]
    assert made.languages == ["en", "no"]


def test_places_are_the_lines_of_the_yaml():
    made = planned(family(GGUF)).families[0]
    assert (made.source.file, made.source.line) == ("families/demo.yaml", 1)
    assert made.specs[0].source.line == 7


def test_the_order_of_files_does_not_matter():
    documents = [*engines(), *(family(GGUF, name) for name in ("b", "A", "a2", "Z", "书"))]
    expected = encode(plan(documents))
    for seed in range(5):
        shuffled = random.Random(seed).sample(documents, len(documents))
        assert encode(plan(shuffled)) == expected
    names = [made.name for made in decode(expected).families]
    assert names == ["A", "a2", "b", "Z", "书"]


def test_a_manifest_survives_its_bytes():
    manifest = planned(family(GGUF))
    again = decode(encode(manifest))
    assert msgspec.structs.replace(again, digest="") == manifest


FULL = """
    - format: ggufv2
      size_in_billions: 30
      activated_size_in_billions: 3
      variant: long
      quantizations: [Q4_0]
      repo_id: o/m
      revision: 0123456789abcdef0123456789abcdef01234567
      file_template: m.gguf
      split_file_template: m-{part}.gguf
      split_parts: {Q4_0: [a, b]}
      multimodal_projectors: [mmproj-F16.gguf]
      draft: {repo_id: o/d, quantizations: [Q8_0], file_template: "d-{draft_quantization}.gguf"}
      engines: [llama.cpp]
      trust_remote_code: true
      deprecated_quantizations:
        Q4_0: {since: "2026-01-02", reason: r, renamed_to: Q5_0, remove_after: "2027-01-02"}
      extensions: {xinference: {featured: true, list: [1, two]}}
      hubs: {huggingface: {}}
"""
FULL_FAMILY = """\
architectures: [Known]
model_type: llama
licence: mit
homepage: https://example.org
chat_template: "{{ x }}"
stop: ["</s>"]
stop_token_ids: [1, 2]
tool_parser: {vLLM: a}
reasoning_parser: {vLLM: b}
reasoning_start_tag: <think>
reasoning_end_tag: </think>
deprecated: {since: "2026-01-02", reason: r, renamed_to: n, remove_after: "2027-01-02"}
extensions: {xinference: {featured: true}}
"""


def properties(kind: str, *path: str) -> dict[str, Any]:
    """The properties of the object at a path of a schema, references followed."""
    schema = files.load(kind)

    def follow(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = schema
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    node = follow(schema)
    for step in path:
        if step == "[]":
            node = follow(node["items"])
        elif step == "*":
            node = follow(node["additionalProperties"])
        else:
            node = follow(node["properties"][step])
    return dict(node["properties"])


INHERITED = {"repo_id", "revision", "file_template", "split_file_template", "split_parts",
             "multimodal_projectors", "draft"}


@pytest.mark.parametrize(("record", "fields", "elsewhere"), [
    (Family, ("family",), set()),
    (Spec, ("family", "specs", "[]"), INHERITED),  # they are in every hub
    (Hub, ("family", "specs", "[]", "hubs", "huggingface"), set()),
    (Draft, ("family", "specs", "[]", "draft"), set()),
    (Deprecation, ("family", "deprecated"), set()),
    (Engine, ("engine",), set()),
    (Loads, ("engine", "loads", "[]"), set()),
    (Refuses, ("engine", "refuses", "[]"), set()),
    (Provider, ("engine", "providers", "[]"), set()),
    (Format, ("formats", "formats", "*"), set()),
])
def test_every_field_of_the_schema_has_its_place_in_the_manifest(
        record: type, fields: tuple[str, ...], elsewhere: set[str]):
    known = {field.name for field in msgspec.structs.fields(record)}
    assert set(properties(*fields)) - elsewhere <= known


def test_every_field_of_a_family_is_carried():
    made = planned(family(FULL, more=FULL_FAMILY)).families[0]
    stated = {"type", "locked"}  # a default with only one value; what comes from the lock
    for record in (made, made.specs[0], made.specs[0].hubs[0], made.specs[0].hubs[0].draft,
                   made.deprecated):
        assert record is not None
        for field in msgspec.structs.fields(record):
            if field.name not in stated:
                assert getattr(record, field.name) not in (None, [], {}, "", False), field.name
    assert made.specs[0].extensions == {"xinference": {"featured": True, "list": [1, "two"]}}
    assert made.specs[0].deprecated_quantizations["Q4_0"].renamed_to == "Q5_0"


def test_an_engines_facts_are_carried():
    made: Iterable[Engine] = planned().engines
    by_name = {engine.name: engine for engine in made}
    assert list(by_name) == ["llama.cpp", "Transformers", "vLLM"]
    assert by_name["vLLM"].architectures == {"Known": "1"}
    assert by_name["vLLM"].refuses[0].split_files is True
