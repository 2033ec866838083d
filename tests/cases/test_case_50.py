"""Case 50: the semantic diff knows identity from order, and behaviour from spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests.compiler.diff.repo import DEMO, Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = Repo(tmp_path / "repository")
    monkeypatch.chdir(made.folder)
    return made


def changes(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    main(["diff", "main", "--format", "json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["changes"]
    return found


def test_a_order_and_comments_are_no_change(
    repo: Repo, capsys: pytest.CaptureFixture[str],
) -> None:
    head, specs = DEMO.split("specs:\n")
    one, two = specs.split("\n\n")
    one = "  - hubs: {huggingface: {}}\n" + one.replace("  - ", "    ", 1).split("    hubs:")[0]
    lines = sorted(head.strip().split("\n"), reverse=True)
    repo.write("# A comment.\nspecs:\n" + two.rstrip("\n") + "  # and one here\n\n"
               + one + "\n".join(lines) + "\n")
    assert changes(capsys) == []


def test_b_one_quantization_added(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.edit("[Q4_K_M, Q8_0, BF16]", "[Q4_K_M, Q5_K_M, Q8_0, BF16]")
    [change] = changes(capsys)
    assert change["kind"] == "quantization-added"
    assert change["grade"] == "docs"
    assert change["identity"] == {
        "family": "demo", "size": "1_8", "format": "ggufv2", "quantization": "Q5_K_M"}


def test_c_hub_id_changed(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.edit("repo_id: org/demo\n", "repo_id: org/demo-2\n")
    [change] = changes(capsys)
    assert (change["kind"], change["grade"]) == ("hub-changed", "launch")
    assert (change["old"], change["new"]) == ("org/demo", "org/demo-2")


def test_d_order_of_parts_swapped(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.edit("[00001-of-00002, 00002-of-00002]", "[00002-of-00002, 00001-of-00002]")
    found = changes(capsys)
    assert {(c["kind"], c["grade"], c["field"]) for c in found} == {
        ("hub-changed", "launch", "files")}
    assert [c["identity"]["hub"] for c in found] == ["huggingface", "modelscope"]
    assert "another order" in found[0]["note"]


@pytest.mark.parametrize("spelling", ["1_80", "'1_8'", '"1_800"'])
def test_e_the_same_size_spelled_differently(
    repo: Repo, capsys: pytest.CaptureFixture[str], spelling: str,
) -> None:
    repo.edit("size_in_billions: 1_8", f"size_in_billions: {spelling}")
    assert changes(capsys) == []
