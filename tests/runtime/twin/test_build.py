"""What a twin consists of, and what becomes of folders that are something else."""

import msgspec
import pytest

from runtime.errors import MisuseError
from runtime.twin import build as building
from runtime.twin import record, tokens
from runtime.twin.build import Outcome, build, wanted
from tests.support import catalogue
from tests.support.specs import shipped_manifest


@pytest.fixture(scope="module")
def seed_oss():
    return next(family for family in shipped_manifest().families if family.name == "seed-oss")


def silent(_text):
    """Hears nothing."""


def test_every_quantization_of_the_family_is_wanted_under_its_own_file_names(seed_oss):
    found = wanted(seed_oss, 0)
    assert len(found) == 32
    by_key = {each.key: each for each in found}
    assert by_key["36/ggufv2/UD-Q4_K_XL"].paths == ["Seed-OSS-36B-Instruct-UD-Q4_K_XL.gguf"]
    assert len(by_key["36/ggufv2/BF16"].paths) == 2
    assert by_key["36/gptq/Int3"].repo_id == "QuantTrio/Seed-OSS-36B-Instruct-GPTQ-Int3"
    assert by_key["36/pytorch/none"].paths is None


def test_a_part_can_be_asked_for_in_any_case(seed_oss):
    [only] = wanted(seed_oss, 0, model_format="GGUFv2", quantization="q4_k_m", size="36")
    assert only.key == "36/ggufv2/Q4_K_M"


def test_nothing_that_fits_is_a_misuse(seed_oss):
    with pytest.raises(MisuseError, match="no such format"):
        wanted(seed_oss, 0, quantization="Q9")


def test_the_seed_and_the_spec_decide_which_twin_it_is(seed_oss):
    first, again, other = (wanted(seed_oss, seed)[0].fingerprint for seed in (0, 0, 1))
    longer = msgspec.structs.replace(seed_oss, chat_template="{{ messages }}")
    assert first == again
    assert len({first, other, wanted(longer, 0)[0].fingerprint}) == 3


def test_experts_where_only_some_parameters_are_active():
    plain = catalogue.spec("pytorch", "8", ["none"],
                           [catalogue.hub("huggingface", "a/b", ["none"])], [])
    experts = msgspec.structs.replace(plain, size_in_billions="30", activated_size_in_billions="3")
    family = catalogue.family("qwen", [plain, experts],
                              architectures=["Qwen3ForCausalLM", "Qwen3MoeForCausalLM"])
    assert [each.architecture for each in wanted(family, 0)] == [
        "Qwen3ForCausalLM", "Qwen3MoeForCausalLM"]


def test_its_vocabulary_has_what_the_familys_parsers_look_for(seed_oss):
    assert {"<seed:think>", "</seed:think>", "<seed:tool_call>"} <= set(tokens.marks(seed_oss))
    assert tokens.reasoning_marks(seed_oss) == ("<seed:think>", "</seed:think>")


def test_what_no_tool_makes_is_recorded_with_the_reason(tmp_path):
    spec = catalogue.spec("awq", "8", ["Int8"],
                          [catalogue.hub("huggingface", "a/b", ["Int8"])], [])
    family = catalogue.family("x", [spec])
    assert list(build(family, wanted(family, 0), tmp_path, seed=0, report=silent)) == [
        Outcome("8/awq/Int8", "missing",
                reason="GPTQModel makes AWQ weights in 4 bits only, not Int8")]
    assert record.read(tmp_path).missing[0].key == "8/awq/Int8"
    assert not (tmp_path / ".work").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path, seed_oss):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(MisuseError, match="holds something else"):
        list(build(seed_oss, wanted(seed_oss, 0)[:1], tmp_path, seed=0, report=silent))
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_a_twin_of_another_family_is_left_alone(tmp_path, seed_oss):
    record.write(tmp_path, record.Twin(format=record.FORMAT, format_version=record.FORMAT_VERSION,
                                       family="other", seed=0, answer=building.ANSWER))
    with pytest.raises(MisuseError, match="twin of other"):
        list(build(seed_oss, wanted(seed_oss, 0)[:1], tmp_path, seed=0, report=silent))


def test_a_twin_is_found_in_its_folder_or_the_one_above(tmp_path):
    folder = tmp_path / "fam"
    folder.mkdir()
    record.write(folder, record.Twin(format=record.FORMAT, format_version=record.FORMAT_VERSION,
                                     family="fam", seed=3, answer=building.ANSWER))
    assert record.find(tmp_path, "fam") == record.find(folder, "fam") == folder
    with pytest.raises(MisuseError, match="no twin of other"):
        record.find(tmp_path, "other")
