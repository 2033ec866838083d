"""What pages say, in both profiles, and what may not become a page."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from compiler.emit import profiles
from compiler.emit.pages import render, short
from runtime.errors import UserError
from runtime.manifest import Deprecation, Family, Manifest
from runtime.naming import slug
from tests.support.catalogue import (
    PARTS,
    SPLIT,
    claim,
    everything,
    family,
    hub,
    manifest,
    seed_oss,
    spec,
)

MODELBOOK = profiles.find("modelbook")
XINFERENCE = profiles.find("xinference")


def pytorch(**more: object):
    return spec("pytorch", "7", ["none"], [hub("huggingface", "o/a", ["none"])],
                [claim("vLLM", ["none"])], **more)


def named(name: str, **more: object) -> Family:
    made = family(name, [pytorch()], **more)
    return msgspec.structs.replace(made, slug=slug(name))


def page(record: Manifest, name: str, profile: profiles.Profile = MODELBOOK) -> str:
    return render(record, profile)[f"models/llm/{name}.rst"]


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines() if line.startswith("   runtime ")]


def test_a_page_has_the_shape_of_the_page_that_started_it():
    text = page(everything(), "seed-oss")
    lines = text.splitlines()
    assert lines[0] == ".. _models_llm_seed-oss:"
    assert lines[2:5] == ["=" * 40, "seed-oss", "=" * 40]
    assert "- **Context Length:** 8192" in lines
    assert "Model Spec 2 (gptq, 36 Billion)" in lines
    assert ".. _models_llm_seed-oss_gptq_36:" in lines
    assert text.endswith("\n")
    assert not [line for line in lines if line != line.rstrip()]


def test_commands_are_concrete_for_every_engine_that_loads_something():
    found = commands(page(everything(), "seed-oss"))
    assert found[1] == shlex.split(
        "runtime launch --model-engine Transformers --model-name seed-oss --size-in-billions 36"
        " --model-format pytorch --quantization none")
    assert [words[3] for words in found] == [
        "vLLM", "Transformers", "vLLM", "Transformers", "vLLM", "Transformers", "MLX", "llama.cpp"]
    assert not any("$" in word or "{" in word for words in found for word in words)


def test_the_command_of_every_page_names_a_combination_that_can_be_selected():
    from runtime.select import Wish, select
    record = everything()
    for words in commands(page(record, "smollm2")):
        options = dict(zip(words[2::2], words[3::2], strict=True))
        assert select(record, Wish(
            name=options["--model-name"], engine=options["--model-engine"],
            size=options["--size-in-billions"], model_format=options["--model-format"],
            quantization=options["--quantization"])).id == "smollm2/0_135/ggufv2/Q4_1/llama.cpp"


def test_a_command_shows_a_usual_quantization_of_the_first_hub_that_is_not_deprecated():
    assert commands(page(everything(), "seed-oss"))[-1][-1] == "Q4_K_M"
    assert commands(page(everything(), "smollm2"))[0][-1] == "Q4_1"
    gone = {"none": Deprecation(since="2026-01-02", reason="No.")}
    two = spec("pytorch", "7", ["none", "fp8"], [hub("huggingface", "o/a", ["none", "fp8"])],
               [claim("vLLM", ["none", "fp8"])], deprecated_quantizations=gone)
    assert commands(page(manifest(family("x", [two])), "x"))[0][-1] == "fp8"


def test_commands_that_differ_in_their_quantization_say_which_they_show():
    two = spec("gptq", "7", ["Int3", "Int8"], [hub("huggingface", "o/a", ["Int3", "Int8"])],
               [claim("vLLM", ["Int8"]), claim("Transformers", ["Int3", "Int8"])])
    text = page(manifest(family("x", [two])), "x")
    assert "Launch with Transformers, here with the quantization ``Int3``:" in text
    assert [words[-1] for words in commands(text)] == ["Int8", "Int3"]


def test_names_are_quoted_for_the_shell():
    found = [line for line in page(manifest(named("a b'c; touch x")), slug("a b'c; touch x"))
             .splitlines() if "--model-name" in line]
    assert shlex.split(found[0])[5] == "a b'c; touch x"


def test_a_refuted_claim_is_marked_with_its_reason_and_not_offered():
    text = page(everything(), "seed-oss")
    assert "- **Refuted for vLLM:** Int3 (MB302 three bits have no kernel)" in text
    assert ("The commands show the quantization ``Int4``; any other of those above can stand in "
            "its place, within the limits stated there.") in text
    none = spec("awq", "7", ["Int4"], [hub("huggingface", "o/a", ["Int4"])],
                [claim("MLX", ["Int4"], Int4="MB301 MLX has no loader for awq")])
    text = page(manifest(family("x", [none])), "x")
    assert "- **Engines:** MLX (refuted)" in text
    assert not commands(text)


def test_a_quantization_that_was_not_derived_says_why():
    gguf = spec("ggufv2", "7", ["BF16", "Q4_0"], [
        hub("huggingface", "o/a", ["BF16", "Q4_0"], file_template="m-{quantization}.gguf",
            split_file_template=SPLIT, split_parts=PARTS)],
        [claim("vLLM", ["Q4_0"]), claim("llama.cpp", ["BF16", "Q4_0"])])
    assert "- **Not on vLLM:** BF16 (MB304 It opens one file.)" in page(
        manifest(family("x", [gguf])), "x")


def test_hubs_that_have_different_quantizations_are_told_apart():
    text = page(everything(), "smollm2")
    assert "   * - Q4_1\n     - yes\n     - no\n   * - Q4_K_M\n     - no\n     - yes\n" in text
    assert "   * - Quantizations\n     - PyPI\n     - Hugging Face\n" in text
    # The seed's GPTQ: ModelScope lacks Int3.
    assert "   * - Int3\n     - yes\n     - no\n" in page(everything(), "seed-oss")


def test_each_quantization_with_its_own_repository_has_its_own_link():
    text = page(everything(), "seed-oss")
    assert ("Hugging Face (`Int8 <https://huggingface.co/QuantTrio/S-GPTQ-Int8>`__, "
            "`Int4 <https://huggingface.co/QuantTrio/S-GPTQ-Int4>`__" in text)
    assert "<https://modelscope.cn/models/tclf90/S-GPTQ-Int3>" not in text


def test_sizes_read_as_numbers_and_are_written_as_they_are_in_commands():
    text = page(everything(), "old-name")
    assert "Model Spec 1 (pytorch, 1.8 Billion)" in text
    assert "- **Model Size (in billions):** 1.8 (written ``1_8`` in commands)" in text
    assert commands(text)[0][7] == "1_8"
    assert "Model Spec 1 (pytorch, 1_8 Billion)" in page(everything(), "old-name", XINFERENCE)


def test_remote_code_and_the_state_of_verification_are_said():
    text = page(manifest(family("x", [pytorch(trust_remote_code=True)])), "x")
    assert "Remote Code" in text
    assert "- **Verification:** not verified" in text
    assert "Remote Code" not in page(everything(), "seed-oss")


def test_variants_are_in_title_label_and_command():
    text = page(manifest(family("x", [pytorch(), pytorch(variant="mtp")])), "x")
    assert "Model Spec 2 (pytorch, 7 Billion, mtp)" in text
    assert ".. _models_llm_x_pytorch_7_mtp:" in text
    assert commands(text)[1][-2:] == ["--variant", "mtp"]


def test_a_deprecated_family_links_to_its_successor():
    gone = Deprecation(since="2026-01-02", reason="It was *renamed*.", renamed_to="new",
                       remove_after="2027-01-02")
    pages = render(manifest(named("new"), named("old", deprecated=gone)), MODELBOOK)
    text = pages["models/llm/old.rst"]
    assert ".. warning::" in text
    assert r"It was \*renamed\*." in text
    assert ":ref:`new <models_llm_new>`" in text
    assert "2027-01-02" in text
    assert "(deprecated)" in pages["models/llm/index.rst"]
    # Without the successor its name is plain text, so that no link is dead.
    assert ":ref:" not in page(manifest(named("old", deprecated=gone)), "old")


def test_a_deprecated_quantization_names_its_successor():
    assert ("- **Deprecated:** Q4_0, since 2026-01-02: It loses more than Q4_K_S. "
            "Use ``Q4_K_S`` instead." in page(everything(), "seed-oss"))


def test_labels_do_not_depend_on_other_families():
    name = "千问大模型"
    alone = page(manifest(named(name)), slug(name))
    assert page(manifest(named("a"), named(name)), slug(name)) == alone
    label = alone.splitlines()[0].removeprefix(".. _").removesuffix(":")
    assert label.isascii()


@pytest.mark.parametrize("names", [("Qwen", "qwen"), ("a b", "a-b"), ("x", "x")])
def test_families_that_would_share_a_page_are_refused(names: tuple[str, str]):
    with pytest.raises(UserError, match="would share the page") as caught:
        render(manifest(*(named(name) for name in names)), MODELBOOK)
    assert "families/x.yaml:1" in caught.value.message


def test_families_that_would_share_a_label_are_refused():
    with pytest.raises(UserError, match="would share the label models_llm_a_pytorch_7"):
        render(manifest(named("a"), named("a_pytorch_7")), MODELBOOK)


@pytest.mark.parametrize("profile", [MODELBOOK, XINFERENCE])
@pytest.mark.parametrize("name", ["index", "genindex", "search", "self", "con", "x.", "a.rst", "."])
def test_page_names_that_a_site_or_system_reserves_are_refused(
        name: str, profile: profiles.Profile):
    with pytest.raises(UserError, match="cannot be called"):
        render(manifest(named(name)), profile)


@pytest.mark.parametrize("name", ["../evil", "/etc/x", "C:\\x", "a/b", "\\\\host\\s\\x"])
def test_no_page_leaves_its_folder(name: str):
    for path in set(render(manifest(named(name)), MODELBOOK)) - {"verification.rst"}:
        assert path.startswith("models/llm/")
        assert path.count("/") == 2
        assert ".." not in path.split("/")
    with pytest.raises(UserError):
        render(manifest(named(name)), XINFERENCE)


@pytest.mark.parametrize("text", [
    ".. raw:: html", "x .. include:: /etc/passwd", "a\n\n.. note:: x", ":raw:`x`", "`x`:raw:",
    "`x <javascript:alert(1)>`_", "javascript:alert(1)", ".. _x: javascript:a", "a\n.. comment",
    ".. |x| image:: y", "- - .. include:: /etc/passwd", "a\u2028.. note:: x", "a\n__ javascript:x",
    ".. _x:", "1. .. [1] y", ":f: .. x", "A) - .. only:: html", "x .. code-block:: sh",
    "data:text/html,x", "`a`:ref:"])
def test_the_stated_profile_refuses_text_that_would_act(text: str):
    with pytest.raises(UserError, match="the text holds") as caught:
        render(manifest(named("x", description=text)), XINFERENCE)
    assert caught.value.message.startswith("families/x.yaml:1")


@pytest.mark.parametrize("text", [
    "Uses `x` and *y*, see https://a.b/c_d... etc.", "A model: 7B; *the* best (::)", "x | y",
    "trailing space ", "training data:2T tokens", "and so on.. [see below]", "x:: y", "a .. b",
    "ratio 3:1 `x`"])
def test_the_stated_profile_prints_other_text_as_it_is(text: str):
    assert f"- **Description:** {text}\n" in page(
        manifest(named("x", description=text)), "x", XINFERENCE)


def test_spec_text_is_never_rendered_as_a_template():
    text = "{{ 7*7 }} {% raw %} {# x #} {{ ''.__class__.__mro__ }}"
    for profile in (MODELBOOK, XINFERENCE):
        shown = page(manifest(named("x", description=text, chat_template=text)), "x", profile)
        assert "{{ 7*7 }}" in shown.replace("\\", "")
        assert "49" not in shown


def test_an_empty_catalogue_has_an_index():
    assert "There are no models yet." in page(manifest(), "index")


def test_the_index_shortens_descriptions_between_words():
    assert short("word " * 100).endswith("word …")
    assert len(short("word " * 100)) <= 162
    assert short("two\n\nlines") == "two lines"


def test_an_unknown_profile_is_answered_with_the_known_ones():
    with pytest.raises(UserError) as caught:
        profiles.find("modelbok")
    assert "did you mean modelbook?" in caught.value.hint
    assert "xinference" in caught.value.hint


def test_a_profile_is_a_folder(tmp_path, monkeypatch: pytest.MonkeyPatch):
    for name, text in {"family.rst.j2": "{{ family.name }} {{ '*' }}",
                       "index.rst.j2": "{{ families|length }}"}.items():
        (tmp_path / name).write_text(text)
    mine = msgspec.structs.replace(MODELBOOK, name="mine", folder=tmp_path)
    assert page(manifest(named("a_")), "a_", mine) == r"a\_ \*"


def test_templates_reach_nothing_but_what_they_are_given(tmp_path):
    (tmp_path / "index.rst.j2").write_text("")
    mine = msgspec.structs.replace(MODELBOOK, folder=tmp_path)
    for expression in ("family.__class__.__mro__", "specs.append(1)", "nothing"):
        (tmp_path / "family.rst.j2").write_text(f"{{{{ {expression} }}}}")
        with pytest.raises(Exception, match=r"unsafe|not safely|undefined"):
            render(manifest(named("a")), mine)


def test_seed_has_all_its_quantizations():
    text = page(manifest(seed_oss()), "seed-oss", XINFERENCE)
    assert "- **Quantizations:** BF16, Q4_0, Q4_K_M, Q4_K_S, UD-Q4_K_XL\n" in text
    assert ("- **Engines**: vLLM, Transformers\n- **Model ID:** QuantTrio/S-GPTQ-{quantization}"
            in text)
