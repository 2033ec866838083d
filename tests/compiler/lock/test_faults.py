"""A locked family, broken in each way that a rule covers: the rule fires, at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.catalogue import load
from compiler.check.registry import all_rules
from compiler.cli import main
from compiler.plan import plan
from compiler.review import review
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubserver import HubServer

Break = Callable[[HubServer], None]


def config(repo_id: str, **changed: object) -> Break:
    return lambda hub: catalogue.config_of(hub, repo_id, **changed)


def attribute(repo_id: str, **changed: object) -> Break:
    def change(hub: HubServer) -> None:
        for name, value in changed.items():
            setattr(hub.repositories[repo_id], name, value)
    return change


def removed(repo_id: str) -> Break:
    return lambda hub: hub.repositories.pop(repo_id) and None


def without(repo_id: str, path: str) -> Break:
    return lambda hub: hub.repositories[repo_id].files.pop(path) and None


def added(repo_id: str, path: str, data: bytes) -> Break:
    return lambda hub: hub.repositories[repo_id].files.update({path: data})


GGUF = models.described_gguf(architecture="qwen3moe", file_type=7, context=32768)


@pytest.mark.parametrize(("breaking", "code", "place", "told"), [
    (removed("org/demo"), "MB601", "org/demo", "there was no org/demo on Hugging Face"),
    (without("org/demo-GGUF", "demo-Q4_K_M.gguf"), "MB603", "Q4_K_M",
     "0 of 1 files of Q4_K_M are in org/demo-GGUF on Hugging Face; missing: demo-Q4_K_M.gguf"),
    (without("org/demo-GGUF", "Q8_0/demo-Q8_0-00002-of-00002.gguf"), "MB603", "Q8_0",
     "1 of 2 files of Q8_0"),
    (without("org/demo-AWQ", "model.safetensors"), "MB603", "Int4", "has no weights for Int4"),
    (added("org/demo", "model-00001-of-00002.safetensors", catalogue.WEIGHTS), "MB603", "none",
     "missing: model-00002-of-00002.safetensors"),
    (added("org/demo-GGUF", "demo-Q6_K.gguf", GGUF), "MB604", "huggingface", "also has Q6_K"),
    (added("org/demo-GGUF", "demo-UD-IQ1_S-00001-of-00002.gguf", GGUF), "MB604", "huggingface",
     "also has UD-IQ1_S"),
    (added("org/demo-GGUF", "big/BF16/demo-BF16.gguf", GGUF), "MB604", "huggingface",
     "also has BF16"),
    (config("org/demo", architectures=["LlamaForCausalLM"]), "MB606", "[Qwen3MoeForCausalLM]",
     "states LlamaForCausalLM"),
    (config("org/demo", model_type="llama"), "MB606", "qwen3_moe", "states llama"),
    (added("org/demo", "model.safetensors", models.shaped_safetensors(x=("BF16", [70_000_000]))),
     "MB607", "0_01", "has 0.07 billion"),
    (added("org/demo", "model.safetensors", models.shaped_safetensors(x=("BF16", [96_000]))),
     "MB607", "0_01", "has 0.000096 billion"),
    (config("org/demo", num_experts_per_tok=8), "MB607", "0_004", "has 0.01 billion"),
    (config("org/demo-AWQ", quantization_config={"quant_method": "compressed-tensors"}), "MB608",
     "awq", "states the method compressed-tensors"),
    (config("org/demo-AWQ", quantization_config={"quant_method": "gptq"}), "MB608", "awq",
     "states the method gptq"),
    (config("org/demo-AWQ", quantization_config={}), "MB608", "awq", "states no quantization"),
    (config("org/demo-AWQ", quantization_config={"quant_method": "awq", "bits": 8}), "MB609",
     "Int4", "states 8 bits"),
    (added("org/demo-GGUF", "demo-Q4_K_M.gguf", GGUF), "MB609", "Q4_K_M",
     "states Q8_0 in its header"),
    (attribute("org/demo", name="Org/Demo"), "MB611", "org/demo", "is spelled Org/Demo"),
    (attribute("org/demo", name="new/demo"), "MB611", "org/demo", "has moved to new/demo"),
    (attribute("org/demo", card={"license": "mit"}), "MB613", "apache-2.0", "names mit"),
])
def test_the_rule_fires_at_its_place(
    specs: Path, hub: HubServer, breaking: Break, code: str, place: str, told: str,
) -> None:
    breaking(hub)
    main(["lock", "--specs", str(specs), "--quiet"])

    found = [item for item in catalogue.about_locks(specs) if item.code == code]

    assert [catalogue.at(specs, item) for item in found] == [place], found
    assert told in found[0].message
    assert found[0].hint


def test_the_context_length_of_every_model_counts(specs: Path, hub: HubServer) -> None:
    for repo_id in ("org/demo", "org/demo-AWQ"):
        catalogue.config_of(hub, repo_id, max_position_embeddings=131072)
    main(["lock", "--specs", str(specs), "--quiet"])
    assert catalogue.about_locks(specs) == []  # the GGUF files still state 32768
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace("32768", "65536"))
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB605", "65536")
    assert "131072" in found.message
    assert "32768" in found.message


def test_a_projector_is_locked_with_the_weights(specs: Path, hub: HubServer) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace(
        "    split_file_template:", "    multimodal_projectors: [mmproj-F16.gguf]\n"
        "    split_file_template:"))
    hub.repositories["org/demo-GGUF"].files["mmproj-f16.gguf"] = models.gguf()
    main(["lock", "--specs", str(specs), "--quiet"])
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB603", "mmproj-F16.gguf")
    assert "nearest: mmproj-f16.gguf" in found.hint

    family.write_text(family.read_text().replace("mmproj-F16", "mmproj-f16"))

    assert catalogue.about_locks(specs) == []
    document = next(item for item in load(specs).documents if item.kind == "family")
    [gguf] = [spec for spec in plan([document]).families[0].specs if spec.format == "ggufv2"]
    assert [file.path for file in gguf.hubs[0].locked[0].files["Q4_K_M"]] == [
        "demo-Q4_K_M.gguf", "mmproj-f16.gguf"]


@pytest.mark.parametrize("licence", ["Apache License 2.0", "APACHE-2.0", "Apache License v2.0"])
def test_a_licence_may_be_spelled_otherwise(specs: Path, hub: HubServer, licence: str) -> None:
    hub.repositories["org/demo"].card = {"license": licence}
    main(["lock", "--specs", str(specs), "--quiet"])
    assert catalogue.about_locks(specs) == []


@pytest.mark.parametrize(("label", "told"), [
    ("14B", ["the size is 0_01 billion, but org/demo-GGUF on Hugging Face has 14 billion"]),
    ("10M", []), ("8x7B", []), ("large", []), ("", [])])
def test_the_size_that_a_gguf_header_states(
    specs: Path, hub: HubServer, label: str, told: list[str],
) -> None:
    hub.repositories["org/demo-GGUF"].files["demo-Q4_K_M.gguf"] = models.described_gguf(
        architecture="qwen3moe", context=32768, size_label=label)
    main(["lock", "--specs", str(specs), "--quiet"])
    found = catalogue.about_locks(specs)
    assert [(item.code, item.message) for item in found] == [("MB607", text) for text in told]
    assert [catalogue.at(specs, item) for item in found] == ["0_01" for _ in told]


def test_a_missing_revision(specs: Path, hub: HubServer) -> None:
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace(
        "    repo_id: org/demo-AWQ\n", "    repo_id: org/demo-AWQ\n    revision: v9\n"))
    main(["lock", "--specs", str(specs), "--quiet"])
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB602", "v9")


def test_a_source_that_was_added_later(specs: Path) -> None:
    main(["lock", "--specs", str(specs), "--quiet"])
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace("repo_id: org/demo\n", "repo_id: org/else\n"))
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB614", "org/else")


def test_a_repository_of_several_quantizations_is_reported_once(
    specs: Path, hub: HubServer,
) -> None:
    del hub.repositories["org/demo-GGUF"]
    main(["lock", "--specs", str(specs), "--quiet"])
    [found] = catalogue.about_locks(specs)
    assert (found.code, catalogue.at(specs, found)) == ("MB601", "org/demo-GGUF")


def test_a_locked_source_counts_as_fixed(specs: Path) -> None:
    def movable() -> list[str]:
        return [found.message for found in review(specs).findings if found.code == "MB219"]

    assert movable() == ["3 of 3 sources name no commit, so their files can change"]
    main(["lock", "--specs", str(specs), "--quiet"])
    assert movable() == []
    family = specs / "families/demo.yaml"
    family.write_text(family.read_text().replace("repo_id: org/demo\n", "repo_id: org/else\n"))
    assert movable() == ["1 of 3 sources name no commit, so their files can change"]


def test_without_a_lock_nothing_is_said(specs: Path) -> None:
    assert catalogue.about_locks(specs) == []


def test_every_rule_against_the_lock_is_fired_by_a_hub() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    codes = {rule.code for rule in all_rules() if rule.code.startswith("MB6")}
    assert len(codes) >= 14
    assert {code for code in codes if f'"{code}"' not in text} == set()
