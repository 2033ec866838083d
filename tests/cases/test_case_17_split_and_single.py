"""One quantization is split, its neighbour a single file: parts are complete and in order."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from runtime.files import expected_files
from runtime.manifest import Hub
from tests.compiler.check.wrap import SCHEMAS, catalogue, findings, grave

SPEC = """\
specs:
  - format: ggufv2
    size_in_billions: 7
    quantizations: [{quantizations}]
    repo_id: example/demo-7B-GGUF
    file_template: "m-{{quantization}}.gguf"
    split_file_template: "m-{{quantization}}-{{part}}.gguf"
    split_parts: {{{parts}}}
    hubs: {{huggingface: {{}}}}
"""


def spec(parts: str, quantizations: str = "q3_k_m, q4_k_m") -> str:
    return SPEC.format(parts=parts, quantizations=quantizations)


GOOD = spec('q4_k_m: ["00001-of-00002", "00002-of-00002"]')


def test_files_of_both() -> None:
    hub = catalogue(GOOD).families[0].specs[0].hubs[0]
    record = Hub(hub=hub.hub, repo_id="example/demo-7B-GGUF",
                 quantizations=hub.quantization_names(),
                 file_template="m-{quantization}.gguf",
                 split_file_template="m-{quantization}-{part}.gguf",
                 split_parts=hub.split_quantizations())

    assert grave(findings(GOOD)) == set()
    assert expected_files(record, "q3_k_m") == ["m-q3_k_m.gguf"]
    assert expected_files(record, "q4_k_m") == ["m-q4_k_m-00001-of-00002.gguf",
                                                "m-q4_k_m-00002-of-00002.gguf"]


@pytest.mark.parametrize(("parts", "code", "says"), [
    ("q5_k_m: [00001-of-00002, 00002-of-00002]", "MB233", "q5_k_m"),
    ("q4_k_m: [00001-of-00002]", "MB234", "part 2 is missing"),
    ("q4_k_m: [00001-of-00002, 00002-of-00002, 00003-of-00002]", "MB234", "does not exist"),
    ("q4_k_m: [00001-of-00003, 00003-of-00003]", "MB234", "part 2 is missing"),
    ("q4_k_m: [00001-of-00002, 00002-of-00003]", "MB234", "is of 3"),
    ("q4_k_m: [00002-of-00002, 00001-of-00002]", "MB234", "comes after"),
    ("q4_k_m: [00001-of-00002, 2-of-2]", "MB234", "numbered unlike"),
    ("q4_k_m: [00000-of-00002, 00001-of-00002]", "MB234", "missing"),
])
def test_parts_that_are_wrong(parts: str, code: str, says: str) -> None:
    found = [item for item in findings(spec(parts)) if item.code in ("MB233", "MB234")]

    assert [item.code for item in found] == [code]
    assert says in found[0].message


def test_the_same_part_twice_does_not_pass_the_schema() -> None:
    schema = json.loads((SCHEMAS / "family.schema.json").read_text(encoding="utf-8"))
    parts = schema["properties"]["specs"]["items"]["properties"]["split_parts"]
    twice = {"q4_k_m": ["00001-of-00002", "00001-of-00002"]}

    assert not jsonschema_rs.Draft7Validator(parts).is_valid(twice)


def test_part_10_does_not_come_before_part_2() -> None:
    parts = [f"{n:05}-of-00011" for n in range(1, 12)]
    right = spec(f"q4_k_m: [{', '.join(parts)}]")
    wrong = spec("q4_k_m: [part1of11, part10of11, part11of11, part2of11]")

    assert grave(findings(right)) == set()
    assert {"MB234", "MB239"} <= grave(findings(wrong))


def test_the_old_way_of_cutting_files_is_refused() -> None:
    found = findings(spec("q4_k_m: [part1of2, part2of2]").replace(
        "{quantization}-{part}.gguf", "{quantization}.gguf.{part}"))

    assert grave(found) == {"MB239"}


def test_a_template_without_the_placeholder_where_there_are_two() -> None:
    one = GOOD.replace("m-{quantization}.gguf", "m.gguf")
    found = findings(one.replace("[q3_k_m, q4_k_m]", "[q3_k_m, q5_k_m, q4_k_m]"))

    assert grave(found) == {"MB231"}
    assert grave(findings(one)) == set()  # only q3_k_m is a single file
