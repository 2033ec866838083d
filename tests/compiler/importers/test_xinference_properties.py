"""Catalogues of the right shape, odd ones too: nothing is lost and nothing is written twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.cli import main

#: What no description may hold: what steers a terminal or turns a line around.
REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]"
                     "|\\r(?!\\n)")
PROSE = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    st.text(st.sampled_from("ab c\n\t{}[]%:#?!&*|>@`,='\"\\-é—｜▁🚀\u3000\xa0 "), max_size=200),
    st.sampled_from(["", " ", "text with an end. ", "no", "1_8", "\n", "{{ a }}\n", "a\r\nb"]))
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}[A-Za-z0-9]", fullmatch=True)
IDS = st.one_of(
    st.builds("{}/{}".format, NAMES, NAMES),
    st.builds("{}/{}-{{quantization}}".format, NAMES, NAMES))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10**15, 10**15) | PROSE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PROSE, inner, max_size=3),
    max_leaves=6)
QUANTIZATIONS = st.lists(
    st.sampled_from(["none", "Int4", "Int8", "4bit", "8bit", "Q4_K_M", "UD-Q2_K_XL", "BF16", "no",
                     "1e3", "4-bit"]), min_size=1, max_size=6)
SIZES = st.one_of(
    st.integers(0, 2000), st.sampled_from(["0_5", "1_8", "7", "18", "1058_59", "1.5", "7_0"]),
    st.sampled_from([1.5, 0.6, 7.0]))
PARTS = st.dictionaries(
    st.sampled_from(["Q4_K_M", "BF16", "Q8_0"]),
    st.integers(1, 3).flatmap(lambda n: st.just([f"{i:05}-of-{n:05}" for i in range(1, n + 1)])),
    max_size=3)
TEMPLATES = st.sampled_from(["", "m-{quantization}.gguf", "{quantization}/m-{quantization}.gguf"])
SOURCES = st.fixed_dictionaries(
    {"model_id": IDS, "quantizations": QUANTIZATIONS},
    optional={
        "model_revision": st.sampled_from(["main", "master", "v1.0", "", "b" * 40, "1234567"]),
        "model_file_name_template": TEMPLATES,
        "model_file_name_split_template": st.sampled_from(["m-{quantization}-{part}.gguf", ""]),
        "quantization_parts": PARTS,
        "multimodal_projectors": st.lists(st.sampled_from(["a.gguf", "b.gguf", ""]), max_size=2),
        "draft_model_id": IDS,
        "draft_quantizations": QUANTIZATIONS,
        "draft_model_file_name_template": st.sampled_from(["d-{draft_quantization}.gguf", ""]),
        "model_uri": PROSE, "left_over": JSON,
    })
HUBS = st.lists(st.sampled_from(["huggingface", "modelscope", "openmind_hub", "csghub"]),
                min_size=1, max_size=4, unique=True)
# One source for all hubs with changes in some: what real catalogues look like.
SHARED = st.builds(
    lambda hubs, base, own: {hub: {**base, **own.get(hub, {})} for hub in hubs},
    HUBS, SOURCES,
    st.dictionaries(st.sampled_from(["modelscope", "openmind_hub"]), st.fixed_dictionaries(
        {}, optional={"model_id": IDS, "quantizations": QUANTIZATIONS, "quantization_parts": PARTS,
                      "model_revision": st.just("master")}), max_size=2))
SPECS = st.fixed_dictionaries(
    {"model_format": st.sampled_from(["pytorch", "gptq", "awq", "fp8", "fp4", "bnb", "mlx",
                                      "ggufv2"]),
     "model_size_in_billions": SIZES,
     "model_src": st.one_of(SHARED, HUBS.flatmap(
         lambda hubs: st.fixed_dictionaries(dict.fromkeys(hubs, SOURCES),
                                            optional={"another_hub": SOURCES})))},
    optional={"activated_size_in_billions": SIZES, "quantizations": QUANTIZATIONS,
              "left_over": JSON})
FAMILIES = st.fixed_dictionaries(
    {"model_name": NAMES, "context_length": st.integers(1, 2**20),
     "model_lang": st.lists(st.sampled_from(["en", "zh", "no", "JP"]), min_size=1, max_size=3),
     "model_ability": st.lists(
         st.sampled_from(["chat", "generate", "vision", "tools", "reasoning", "hybrid", "omni"]),
         min_size=1),
     "model_description": PROSE.filter(lambda text: not REFUSED.search(text)),
     "model_specs": st.lists(SPECS, min_size=1, max_size=5)},
    optional={
        "version": st.just(2), "architectures": st.lists(st.sampled_from(
            ["LlamaForCausalLM", "Qwen2ForCausalLM", "InternVLChatModel", "not a name", ""])),
        "model_type": st.sampled_from(["llama", "", "no", "1e3"]), "updated_at": st.integers(0),
        "featured": st.booleans(), "chat_template": PROSE | st.none(),
        "stop": st.lists(PROSE, max_size=3),
        "stop_token_ids": st.lists(st.integers(0, 10**6) | st.just(2.0)),
        "tool_parser": st.sampled_from(["qwen", "glm4"]),
        "reasoning_start_tag": PROSE, "reasoning_end_tag": PROSE,
        "virtualenv": st.fixed_dictionaries({"packages": st.lists(st.sampled_from(
            ['#vllm_dependencies# ; #engine# == "vllm"', "a>=1", "#system_numpy#"]))}, optional={
                "extra_index_url": st.lists(st.just("https://example.org/whl"), max_size=2),
                "index_strategy": st.just("unsafe-best-match")}),
        "cache_config": st.just({"ignore_patterns": ["*.bin"], "ignore_file_pattern": ["x/*"]}),
        "prompt_style": JSON, "is_built_in": st.booleans(), "left_over": JSON, "extensions": JSON,
    })
CATALOGUES = st.lists(FAMILIES, min_size=1, max_size=4,
                      unique_by=lambda family: family["model_name"].casefold())


def drop_large_numbers(value: Any) -> Any:
    """`updated_at` without a bound would leave what a spec can hold."""
    for family in value:
        if "updated_at" in family:
            family["updated_at"] %= 10**17
    return value


@pytest.mark.usefixtures("capsys")
@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(catalogue=CATALOGUES.map(drop_large_numbers))
def test_round_trip(catalogue: list[dict[str, Any]],
                    tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "in.json").write_text(json.dumps(catalogue), encoding="utf-8")
    specs = folder / "specs"
    assert main(["import", "xinference", str(folder / "in.json"), "--out", str(specs)]) == 0
    out = folder / "out.json"
    # The export refuses files in which the reader or the schema finds an error.
    assert main(["export", "xinference", "--specs", str(specs), "--out", str(out)]) == 0
    exported = json.loads(out.read_text(encoding="utf-8"))
    # As sorted JSON text: order of lists and the types of numbers count, order of keys does not.
    assert json.dumps(exported, sort_keys=True) == json.dumps(catalogue, sort_keys=True)
