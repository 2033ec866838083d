"""A few families are checked by what was kept of the others, with the same outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler import pipeline, unit
from compiler.pipeline import Options
from compiler.review import Review, review
from tests.bench import synthetic
from tests.compiler.test_pipeline import DEPRECATED
from tests.support.yaml_specs import FAMILY

COUNT = 6


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELBOOK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return synthetic.write(COUNT, tmp_path / "specs").relative_to(tmp_path)


def family(specs: Path, number: int) -> Path:
    return specs / "families" / f"{synthetic.name(number)}.yaml"


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def told(found: Review) -> object:
    shown = {finding.file for finding in found.findings}
    return (found.findings, found.checked, found.failed,
            {name: text for name, text in found.texts.items() if name in shown})


def nothing(specs: Path) -> None:
    """The catalogue as it is."""


def broken(specs: Path) -> None:
    family(specs, 0).write_text("name: [", encoding="utf-8")


def invalid(specs: Path) -> None:
    add(family(specs, 1), "colour: red\n")


def same_weights(specs: Path) -> None:
    text = family(specs, 0).read_text(encoding="utf-8")
    (specs / "families/twin.yaml").write_text(
        text.replace(f"name: {synthetic.name(0)}", "name: twin"), encoding="utf-8")


def same_name(specs: Path) -> None:
    (specs / "families/twin.yaml").write_text(
        family(specs, 0).read_text(encoding="utf-8"), encoding="utf-8")


def renamed(specs: Path) -> None:
    add(family(specs, 0), DEPRECATED.format(to=synthetic.name(1)))
    add(family(specs, 2), DEPRECATED.format(to="nobody"))


def renamed_to_a_broken_one(specs: Path) -> None:
    broken(specs)
    add(family(specs, 2), DEPRECATED.format(to=synthetic.name(0)))


def suppressed(specs: Path) -> None:
    add(family(specs, 0), "# modelbook: ignore[MB203] nothing is wrong\n")


def suppressed_elsewhere(specs: Path) -> None:
    same_weights(specs)
    twin = specs / "families/twin.yaml"
    lines = twin.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("description:"))
    lines.insert(at, "# modelbook: ignore[MB405] it is a copy")
    twin.write_text("\n".join(lines) + "\n", encoding="utf-8")


def broken_lock(specs: Path) -> None:
    (specs / "locks").mkdir()
    (specs / f"locks/{synthetic.name(0)}.lock.json").write_text("{", encoding="utf-8")


def wrong_order(specs: Path) -> None:
    (specs / "catalogue.yaml").write_text("families: [nobody]\n", encoding="utf-8")


def misplaced(specs: Path) -> None:
    (specs / "families/old.yml").write_text("x: 1\n", encoding="utf-8")


CHANGES = [nothing, broken, invalid, same_weights, same_name, renamed, renamed_to_a_broken_one,
           suppressed, suppressed_elsewhere, broken_lock, wrong_order, misplaced]


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_what_the_catalogue_in_one_piece_says(change, specs: Path) -> None:
    change(specs)
    names = sorted(path.as_posix() for path in (specs / "families").glob("*.yaml"))
    for asked in (*([name] for name in names), names[:2]):
        assert told(review(paths=asked, options=Options())) == told(review(paths=asked))
    # What was kept of families that nobody asked for lacks findings.
    for _ in range(2):
        assert told(review(specs, options=Options())) == told(review(specs))
    assert told(review(paths=names[:1], options=Options())) == told(review(paths=names[:1]))


def test_rules_on_single_families_are_run_on_what_was_asked_for(
        specs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []
    real = unit.check_family
    monkeypatch.setattr(unit, "check_family",
                        lambda view: (run.append(Path(view.file).stem), real(view))[1])
    one, other = synthetic.name(1), synthetic.name(2)
    for number in (1, 2, 1):
        review(paths=[family(specs, number)], options=Options())
    assert run == [one, other]
    review(specs, options=Options())
    assert sorted(run) == sorted(synthetic.name(number) for number in range(COUNT))
    review(paths=[family(specs, 3)], options=Options())
    assert len(run) == COUNT


def test_a_clash_is_told_and_nothing_else_of_other_files(specs: Path) -> None:
    name = family(specs, 0).as_posix()
    alone = review(paths=[name], options=Options())
    assert {finding.file for finding in alone.findings} == {name}
    same_weights(specs)
    found = review(paths=[name], options=Options())
    assert found.checked == [name]
    others = [finding for finding in found.findings if finding.file != name]
    assert {finding.code for finding in others} == {"MB405", "MB406"}
    assert all(related.file == name for finding in others for related in finding.related)
    suppressed_elsewhere(specs)
    accepted = review(paths=[name], options=Options())
    assert {finding.code for finding in accepted.findings if finding.file != name} == {"MB406"}


def test_placeholders_are_not_the_same_description(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / f"specs/families/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FAMILY.replace("name: demo", f"name: {name}").replace(
            "A family for tests.", '"TODO: one or two words."').replace("org/demo", f"o/{name}"),
            encoding="utf-8")
    codes = [finding.code for finding in review(tmp_path / "specs").findings]
    assert codes.count("MB270") == 2
    assert "MB405" not in codes


def test_the_others_are_not_read_again(specs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    review(paths=[family(specs, 0)], options=Options())
    read: list[str] = []
    make = pipeline.Workshop.make
    monkeypatch.setattr(pipeline.Workshop, "make",
                        lambda self, source: (read.append(source.path.name), make(self, source))[1])
    add(family(specs, 1), "\n")
    review(paths=[family(specs, 1)], options=Options())
    assert read == [family(specs, 1).name]


@pytest.mark.parametrize("where", ["families", "elsewhere"])
def test_paths_are_told_as_they_are_typed(where: str, specs: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    name = family(specs, 0).absolute()
    (specs / "elsewhere").mkdir()
    monkeypatch.chdir(specs / where)
    typed = name.name if where == "families" else f"../families/{name.name}"
    assert review(paths=[typed], options=Options()).checked == [typed]
    assert review(paths=[name], options=Options()).checked == [name.as_posix()]
