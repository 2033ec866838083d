"""The project's own specs are clean; a real catalogue shows its known faults and little else."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from compiler.check.registry import run_rules
from compiler.check.view import CatalogueView
from compiler.finding import Severity
from compiler.importers import _files, xinference
from compiler.resolve import family_label, spec_label
from compiler.review import review
from tests.compiler.check.wrap import SPECS, add, catalogue

CORPUS = os.environ.get("MODELBOOK_CORPUS", "")


def shipped(view: CatalogueView, *patterns: str) -> CatalogueView:
    for pattern in patterns:
        for file in sorted(SPECS.glob(pattern)):
            add(view, f"specs/{file.relative_to(SPECS).as_posix()}",
                file.read_text(encoding="utf-8"))
    return view


def test_own_specs_are_clean() -> None:
    # With the comments in them that accept a finding and say why.
    assert [item for item in review(SPECS).findings if item.severity > Severity.INFO] == []


def test_what_is_absent_from_an_incomplete_catalogue_is_not_called_unknown() -> None:
    example = ("specs: [{format: pytorch, size_in_billions: 7, quantizations: [none], "
               "repo_id: example/demo-7B, engines: [Nope], hubs: {huggingface: {}}}]\n"
               "deprecated: {since: 2026-01-01, reason: Old., renamed_to: nope}\n")
    view = catalogue(example)
    assert {"MB305", "MB511"} <= {item.code for item in run_rules(view)}

    view.complete = view.families_complete = False
    assert not {"MB305", "MB511"} & {item.code for item in run_rules(view)}


def test_only_the_files_asked_for_are_reported() -> None:
    view = catalogue("# file: specs/families/a.yaml\nname: a\ncontext_length: 4\n"
                     "# file: specs/families/A.yaml\nname: A\ncontext_length: 2\n"
                     "# file: specs/families/b.yaml\nname: b\ncontext_length: 3\n")

    found = run_rules(view, {"specs/families/a.yaml"})

    assert {item.file for item in found if item.code == "MB256"} == {"specs/families/a.yaml"}
    # The clash is written down at the other file, but it is this one's, too.
    assert [item.file for item in found if item.code == "MB403"] == ["specs/families/A.yaml"]


def test_findings_do_not_depend_on_the_order_of_a_second_run() -> None:
    view = shipped(CatalogueView(), "formats.yaml", "engines/*.yaml", "families/*.yaml")
    assert run_rules(view) == run_rules(view)


def test_labels_are_those_of_the_pages() -> None:
    from compiler.emit import view as pages
    from tests.support.catalogue import family, hub, spec

    one = spec("awq", "1_8", ["Int4"], [hub("huggingface", "o/x", ["Int4"])], [], variant="v2")
    demo = family("demo", [one])

    assert pages.family_label(demo) == family_label("llm", "demo")
    assert pages.spec_label(demo, one) == spec_label("llm", "demo", "awq", "1_8", "v2")


@pytest.mark.skipif(not CORPUS, reason="MODELBOOK_CORPUS names no folder with the corpus")
def test_a_real_catalogue(tmp_path: Path) -> None:
    """Every error of this half of the catalogue was looked at; new ones must be, too."""
    view = shipped(CatalogueView(), "formats.yaml", "engines/*.yaml")
    data = Path(CORPUS, "xinference-llm-dev.json").read_bytes()
    for name, text in _files.render(xinference.convert(data, "x.json"), tmp_path, "x").items():
        if "families/" in name:
            add(view, f"specs/{name[name.index('families/'):]}", text.decode())

    found = run_rules(view)
    where = {(Path(item.file).stem, item.code) for item in found}
    errors = Counter(item.code for item in found
                     if item.severity is Severity.ERROR and not item.code.startswith("MB3"))

    assert {("glm4-0414", "MB203"), ("Ernie4.5", "MB203"), ("moonlight-16b-a3b-instruct", "MB203"),
            ("deepseek-r1-distill-llama", "MB203"), ("qwen3", "MB211"), ("deepseek", "MB255"),
            ("Kimi-K2.5", "MB230"), ("MiniMax-M2.5", "MB233"), ("mistral-large-instruct", "MB238"),
            ("mistral-large-instruct", "MB244"), ("qwenLong-l1", "MB254")} <= where
    assert errors == {"MB203": 12, "MB211": 1, "MB230": 4, "MB233": 5, "MB244": 4}
