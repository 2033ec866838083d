"""Pages in other languages: no text of the interface is left out, and facts stay as they are."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from msgspec.structs import replace

from compiler.cli import main
from compiler.emit import language, profiles
from compiler.emit.language import Language
from compiler.emit.pages import render
from runtime.combination import all_combinations
from runtime.errors import ExitCode, UserError
from tests.support.pages import ROOT, build_html, compile_specs, family_yaml, html_of
from tests.support.specs import shipped_manifest

OTHERS = [name for name in language.names() if name != language.ENGLISH]
LATIN = re.compile(r"[A-Za-z]{2,}")


def said_by_templates() -> set[str]:
    """Every text that a template marks with `say`."""
    found = set()
    for path in profiles.find(profiles.DEFAULT).folder.glob("*.j2"):
        for use in Environment(trim_blocks=True).parse(path.read_text("utf-8")).find_all(
                nodes.Filter):
            if use.name == "say":
                assert isinstance(use.node, nodes.Const), f"{path.name}: say is for fixed texts"
                found.add(use.node.value)
    return found


def facts(text: str) -> int:
    return sum(field is not None for _, field, _, _ in string.Formatter().parse(text))


@pytest.mark.parametrize("name", OTHERS)
def test_every_text_of_the_templates_is_translated(name: str) -> None:
    phrases = language.find(name).phrases
    untranslated = sorted(said_by_templates() - set(phrases))
    assert untranslated == [], f"add them to compiler/emit/locale/{name}.po"
    for text, translation in phrases.items():
        assert facts(text) == facts(translation), f"{text!r} and {translation!r} hold other facts"


@pytest.mark.parametrize("name", OTHERS)
def test_every_composed_sentence_of_the_shipped_pages_is_translated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed: set[str] = set()
    clause = Language.clause

    def watched(self: Language, text: str) -> str | None:
        found = clause(self, text)
        if found is None:
            missed.add(text)
        return found

    monkeypatch.setattr(Language, "clause", watched)
    profile = replace(profiles.find(profiles.DEFAULT), language=language.find(name))
    pages = render(shipped_manifest(), profile)
    assert len(pages) > 10
    assert missed == set()


def test_a_badge_is_translated_clause_by_clause() -> None:
    chinese = language.find("zh_CN")
    told = chinese.told("3 of 6 combinations passed at level chat on twins, 1 at level load on "
                        "real weights (2026-11-01 to 2026-11-25); 1 failed, 2 not tried")
    assert LATIN.findall(told) == []
    assert "2026-11-25" in told


def test_pages_in_chinese_build_and_keep_their_commands(tmp_path: Path) -> None:
    families = {"alpha": family_yaml("alpha", "Of *letters*.")}
    english = compile_specs(tmp_path / "en", families)
    chinese = compile_specs(tmp_path / "zh", families, "--language", "zh_CN")
    pages = {path.relative_to(chinese).as_posix(): path.read_text(encoding="utf-8")
             for path in chinese.rglob("*.rst")}
    build_html(tmp_path, pages)
    page = pages["models/llm/alpha.rst"]
    assert "**上下文长度：** 8192" in page
    plain = (english / "models/llm/alpha.rst").read_text(encoding="utf-8")
    assert re.findall("runtime launch.*", page) == re.findall("runtime launch.*", plain) != []
    assert re.findall(r"(?m)^\.\. _.*:$", page) == re.findall(r"(?m)^\.\. _.*:$", plain)
    assert (chinese / "manifest.json").read_bytes() == (english / "manifest.json").read_bytes()


def test_descriptions_come_from_a_file_of_the_family(tmp_path: Path) -> None:
    out = compile_specs(tmp_path, {"alpha": family_yaml("alpha", "A model."),
                                   "beta": family_yaml("beta", "Another.")})
    specs = tmp_path / "specs"
    own = specs / "translations" / "zh_CN"
    own.mkdir(parents=True)
    (own / "alpha.po").write_text('msgid "A model."\nmsgstr "一个 *模型*。"\n', encoding="utf-8")
    assert main(["build", "--specs", str(specs), "--out", str(out), "--language", "zh_CN"]) == 0
    for page in ("models/llm/alpha.rst", "models/llm/index.rst"):
        assert "一个 \\*模型\\*。" in (out / page).read_text(encoding="utf-8")  # text, never markup
    assert "Another." in (out / "models/llm/beta.rst").read_text(encoding="utf-8")
    # A changed translation changes the page, cache or not.
    (own / "alpha.po").write_text('msgid "A model."\nmsgstr "模型二"\n', encoding="utf-8")
    assert main(["build", "--specs", str(specs), "--out", str(out), "--language", "zh_CN"]) == 0
    assert "模型二" in (out / "models/llm/alpha.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OTHERS)
def test_no_translation_is_of_a_text_that_its_spec_no_longer_says(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["translate", name, "--specs", str(ROOT / "specs"), "--check"]) == 0, (
        f"{capsys.readouterr().out}run `compiler translate`")


def test_translations_follow_the_specs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compile_specs(tmp_path, {"alpha": family_yaml("alpha", "A model for \"text\".")})
    specs, build = tmp_path / "specs", ["--out", str(out), "--language", "zh_CN"]
    own = specs / "translations/zh_CN"
    translate = ["translate", "zh_CN", "--specs", str(specs)]
    # At first nothing is translated, which is no fault.
    assert main([*translate, "--check"]) == 0
    assert not own.exists()
    assert main(translate) == 0
    file = own / "alpha.po"
    empty = file.read_text(encoding="utf-8")
    assert (own / "engines/vllm.po").exists()
    assert main(translate) == 0  # and nothing is lost that a translator has begun with
    assert file.read_text(encoding="utf-8") == empty
    file.write_text(empty.replace('text\\"."\nmsgstr ""', 'text\\"."\nmsgstr "文本模型"'),
                    encoding="utf-8")
    assert main(["build", "--specs", str(specs), *build]) == 0
    assert "文本模型" in (out / "models/llm/alpha.rst").read_text(encoding="utf-8")
    # A reworded text keeps its translation for whoever looks at it, but no page shows it.
    (specs / "families/alpha.yaml").write_text(family_yaml("alpha", "A model for long \"text\"."))
    capsys.readouterr()
    assert main([*translate, "--check"]) == 1
    assert 'alpha.po: no longer said: A model for "text".' in capsys.readouterr().out
    assert main(translate) == 0
    assert '#, fuzzy\n#| msgid "A model for \\"text\\"."' in file.read_text(encoding="utf-8")
    assert main([*translate, "--check"]) == 0
    assert main(["build", "--specs", str(specs), *build]) == 0
    assert "文本模型" not in (out / "models/llm/alpha.rst").read_text(encoding="utf-8")


def test_translate_wants_a_language_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "en"]) == ExitCode.MISUSE
    assert "languages: zh_CN" in capsys.readouterr().err


@pytest.mark.parametrize("name", OTHERS)
def test_what_a_rule_says_of_shipped_families_is_translated(name: str) -> None:
    known = language.find(name, ROOT / "specs")
    manifest = shipped_manifest()
    reasons = {(verdict.code, verdict.reason) for family in manifest.families
               for verdict in (each.verdict for each in all_combinations(manifest, family))
               if not verdict.supported and verdict.code != "MB304"}
    assert {code for code, _reason in reasons} >= {"MB301", "MB302", "MB303"}
    for code, reason in sorted(reasons):
        told = known.reason(f"{code} {reason}")
        assert told is not None, reason
        assert told.startswith(f"{code} ")
        assert not re.search("[a-z]{3,} [a-z]{2,}", told), told  # no two words of English in a row


def test_the_own_words_of_an_engine_s_spec_are_used_wherever_it_refuses() -> None:
    words = {"the plugin computes on CUDA only.": "插件只在 CUDA 上计算。"}
    chinese = replace(language.find("zh_CN"), descriptions={"engines/vllm": words})
    assert chinese.reason("MB304 the plugin computes on CUDA only.") == (
        "MB304 插件只在 CUDA 上计算。")
    assert chinese.reason("p does not load ggufv2 Q4_K_M here: the plugin computes on CUDA only.: "
                          "rule MB304") == ("p 在此不加载 ggufv2 Q4_K_M：插件只在 CUDA 上计算。"
                                            "（规则 MB304）")


def test_what_a_log_says_stays_as_it_is() -> None:
    chinese = language.find("zh_CN")
    said = "vLLM 0.26.0 exited with code 1: there is not enough memory: Error: a, b; c"
    assert chinese.reason(said) == "vLLM 0.26.0 以代码 1 退出：内存不足：Error: a, b; c"
    assert chinese.reason("UD-TQ1_0 is made as plain TQ1_0") == "UD-TQ1_0 以普通的 TQ1_0 制作"


def test_sentences_of_rules_and_of_records_do_not_mix() -> None:
    chinese = language.find("zh_CN")
    assert chinese.reason("MB303 vLLM has no AForCausalLM, BModel") == (
        "MB303 vLLM 没有架构 AForCausalLM, BModel")
    assert chinese.reason("MB304 vLLM has no kernel") is None  # the engine's own words
    assert chinese.reason("nothing has no words") is None
    assert chinese.told("the start failed") == "the start 个失败"  # a sentence of counts


def test_what_has_no_translation_is_marked_as_english(tmp_path: Path) -> None:
    hostile = "A `model`_ with |marks| and :english:`roles`"
    out = compile_specs(tmp_path, {
        "alpha": family_yaml("alpha", hostile), "beta": family_yaml("beta", "One line.\nTwo: *2*"),
    }, "--language", "zh_CN")
    html = html_of(tmp_path, out)
    alpha = (html / "alpha.html").read_text(encoding="utf-8")
    assert f'<span lang="en">{hostile}</span>' in re.sub(' class="[^"]*"', "", alpha)
    beta = re.sub(' class="[^"]*"', "", (html / "beta.html").read_text(encoding="utf-8"))
    assert '<span lang="en">One line.</span>' in beta
    assert '<span lang="en">Two: *2*</span>' in beta
    index = (html / "index.html").read_text(encoding="utf-8")
    assert 'lang="en">One line. Two: *2*</span>' in index


def test_fuzzy_and_empty_translations_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text('msgid ""\nmsgstr "Language: zh\\n"\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\n'
                    'msgid "c"\nmsgstr ""\n\n#: x\nmsgid "d"\n" e"\nmsgstr "f \\"g\\""\n"h"\n')
    assert language.read_po(path) == {"d e": 'f "g"h'}


@pytest.mark.parametrize("text", [
    "msgid what\nmsgstr 1 + 1\n", 'msgid "a" "b"\n', 'msgid "a\n', 'msgid "\\N{nothing}"\n',
    f"msgid {'-' * 100_000}1\n", f"msgid {'(' * 100_000}\n",
], ids=["sum", "two", "open", "escape", "deep", "brackets"])
def test_a_broken_translation_names_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.po"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(f"{path} is not a gettext file")):
        language.read_po(path)


def test_a_translation_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="it is not a regular file"):
        language.read_po(path)


def test_an_unknown_language_is_answered_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "--out", str(tmp_path / "o"), "--language", "xx"]) == ExitCode.MISUSE
    assert "zh_CN" in capsys.readouterr().err
