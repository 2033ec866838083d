"""Pages in other languages: no text of the interface is left out, and facts stay as they are."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from compiler.cli import main
from compiler.emit import language, profiles
from compiler.emit.language import Language
from compiler.emit.pages import render
from runtime.errors import ExitCode, UserError
from tests.support.pages import build_html, compile_specs, family_yaml
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
    assert LATIN.findall(told) == ["chat", "load"]
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


def test_fuzzy_and_empty_translations_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text('msgid ""\nmsgstr "Language: zh\\n"\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\n'
                    'msgid "c"\nmsgstr ""\n\n#: x\nmsgid "d"\n" e"\nmsgstr "f \\"g\\""\n"h"\n')
    assert language.read_po(path) == {"d e": 'f "g"h'}


def test_a_broken_translation_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text("msgid what\nmsgstr 1 + 1\n")
    with pytest.raises(UserError, match=re.escape(f"{path} is not a gettext file")):
        language.read_po(path)


def test_an_unknown_language_is_answered_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "--out", str(tmp_path / "o"), "--language", "xx"]) == ExitCode.MISUSE
    assert "zh_CN" in capsys.readouterr().err
