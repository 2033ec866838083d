"""Every word of the extension has its translation, in every language that it has at all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import compiler.sphinx
from compiler.emit.language import read_po

FOLDER = Path(compiler.sphinx.__file__).parent
CATALOGUES = sorted(FOLDER.glob("locale/*/LC_MESSAGES/modelbook.po"))


def marked() -> set[str]:
    """What the code marks for translators: the first argument of `_` and `_marked`."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                    and node.func.id in ("_", "_marked")
                    and isinstance(node.args[0], ast.Constant)):
                found.add(node.args[0].value)
    return found


def test_no_word_is_marked_where_the_program_that_gathers_them_cannot_see_it() -> None:
    hidden = [f"{path.name}:{inner.lineno}" for path in FOLDER.glob("*.py")
              for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
              if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)
              if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)
              and inner.func.id in ("_", "_marked")]
    assert hidden == [], "pybabel does not look inside f-strings before Python 3.12"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_word_is_translated(path: Path) -> None:
    translated = read_po(path)
    assert marked()
    assert sorted(marked() - set(translated)) == [], f"add them to {path}"
    for text, translation in translated.items():
        facts = re.compile(r"%(?:\(\w+\))?[sd]")
        assert sorted(facts.findall(text)) == sorted(facts.findall(translation)), text
