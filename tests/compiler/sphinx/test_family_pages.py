"""What the extension adds to families' pages, in real Sphinx with warnings as errors."""

from __future__ import annotations

import html
import re
from pathlib import Path

import msgspec
import pytest
from sphinx.locale import init

from compiler.emit import profiles
from compiler.emit.pages import render
from compiler.sphinx.spec_table import basis
from runtime import records
from runtime.combination import all_combinations
from runtime.manifest import Family, Manifest
from runtime.memory import Estimate
from runtime.records import Evidence, Record, UsedEngine, UsedSource
from tests.support.catalogue import claim, family, hub, manifest, spec
from tests.support.pages import ROOT
from tests.support.sphinx_project import SphinxProject, builder_data

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> & \u2028 `x`_ |y|"


def _families() -> list[Family]:
    file, names = "x-{quantization}.gguf", ["BF16", "Q4_K_M", "Q8_0"]
    gguf = spec("ggufv2", "8", names, [
        hub("huggingface", "lab/Star-8B-GGUF", names, file_template=file,
            split_file_template="x-{quantization}-{part}.gguf",
            split_parts={"BF16": ["1-of-2", "2-of-2"]}),
        hub("modelscope", "copy/Star-8B-GGUF", ["Q4_K_M"], file_template=file)],
        [claim("llama.cpp", names), claim("vLLM", ["Q4_K_M", "Q8_0"])])
    stated = spec("gptq", "8", ["Int4", "Int3"],
                  [hub("huggingface", "q/Star-{quantization}", ["Int4", "Int3"])],
                  [claim("vLLM", ["Int4"], Int3="MB302 vLLM loads other widths")],
                  engines_stated=True)
    plain = spec("pytorch", "8", ["none"], [hub("huggingface", "lab/Star-8B", ["none"])],
                 [claim("Transformers", ["none"]), claim("vLLM", ["none"])])
    far = spec("pytorch", "1_5", ["none"], [hub("openmind_hub", "lab/Far", ["none"])],
               [claim("vLLM", ["none"])])
    wild = family("wild", [spec("pytorch", "1", ["none"], [hub("huggingface", "x/y", ["none"])],
                                [claim("vLLM", ["none"])], trust_remote_code=True)],
                  description=HOSTILE)
    return [family("star", [plain, stated, gguf]),
            family("dwarf", [spec("pytorch", "1", ["none"], [hub("huggingface", "lab/D", ["none"])],
                                  [claim("vLLM", ["none"])])]),
            family("far", [far]), wild]


MANIFEST = manifest(*_families())


def record(name: str, outcome: str = "passed", *, known: Manifest = MANIFEST,
           **more: object) -> Record:
    """A record of one of the combinations."""
    found = next(c for each in known.families for c in all_combinations(known, each)
                 if c.id == name)
    given: dict[str, object] = {
        "format": records.FORMAT, "format_version": 1, "combination": name, "wanted": "chat",
        "level": "chat" if outcome == "passed" else "plan", "outcome": outcome,
        "engine": UsedEngine(name=found.engine.name, provider="p", version="1.2"),
        "weights": "real", "machine": {"system": "linux", "processor": "x86_64",
                                       "cpu": "A processor", "gpus": ["G1", "G1"],
                                       "accelerators": ["cpu", "cuda"]},
        "date": "2026-11-25T10:00:00Z", "who": "ci", "modelbook": "0", "manifest": "",
        "temperature": 0, "reason": "" if outcome == "passed" else f"no kernel {HOSTILE}"} | more
    standing_on = {"spec": records.spec_fingerprint(found, str(given["weights"])),
                   "facts": records.facts_fingerprint(found, "p")}
    return Record(**(standing_on | given))  # type: ignore[arg-type]


def some_records(known: Manifest = MANIFEST) -> list[Record]:
    """One that passed, one that failed, one of a twin, and one that is out of date."""
    return [
        record("star/8/ggufv2/Q4_K_M/llama.cpp", known=known, source=UsedSource(
            hub="huggingface", repo_id="lab/Star-8B-GGUF", commit="0123456789abcdef"),
            evidence=Evidence(question="Why?", answer=HOSTILE)),
        record("star/8/ggufv2/Q8_0/llama.cpp", "failed", known=known),
        record("star/8/pytorch/none/vLLM", weights="twin", known=known),
        record("star/8/pytorch/none/Transformers", spec="sha256:of another day", known=known),
    ]


RECORDS = some_records()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SphinxProject:
    made = SphinxProject(tmp_path_factory.mktemp("pages"), MANIFEST, RECORDS)
    made.build()
    return made


def text(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def row(page: str, quantization: str) -> str:
    """The text of the first table row that begins with a quantization."""
    rows = re.findall(r"<tr.*?</tr>", page, re.S)
    return next(text(each) for each in rows if text(each).strip().startswith(quantization))


def test_generated_pages_stay_as_they_are(project: SphinxProject) -> None:
    plain = render(MANIFEST, profiles.find("modelbook"))
    star = (project.source / "out/models/llm/dwarf.rst").read_text(encoding="utf-8")
    assert star == plain["models/llm/dwarf.rst"]


def test_seed_page_of_the_other_profile_stays_the_seed_and_gains_commands(tmp_path: Path) -> None:
    from tests.support.specs import shipped_manifest

    whole = shipped_manifest()
    seed = [each for each in whole.families if each.name == "seed-oss"]
    project = SphinxProject(tmp_path, msgspec.structs.replace(whole, families=seed),
                            profile="xinference")
    source = project.source / "out/models/llm/seed-oss.rst"
    assert source.read_bytes() == (ROOT / "tests/golden/seed-oss.rst").read_bytes()
    project.build()
    page = text(project.model("seed-oss"))
    assert "${quantization}" not in page
    assert "remember to replace" not in page
    assert ("runtime launch --model-engine vLLM --model-name seed-oss --size-in-billions 36 "
            "--model-format gptq --quantization Int4") in page
    assert builder_data(project.model("seed-oss"))["name"] == "seed-oss"


def test_a_page_has_its_commands_without_a_script(project: SphinxProject) -> None:
    page = project.model("star")
    still = page.split('class="mb-still', 1)[1].split('class="mb-builder"', 1)[0]
    assert "--model-engine Transformers --model-name star" in text(still)
    assert '<div class="mb-builder" hidden></div>' in page
    folds = re.findall(r"<details[^>]*>", page)
    assert sum("mb-plain" in fold and "open" in fold for fold in folds) == 3


def test_builder_knows_every_combination_and_why_not(project: SphinxProject) -> None:
    data = builder_data(project.model("star"))
    names = [name for name, _ in data["engines"]]

    def reason(spec: int, quantization: str, engine: str) -> str:
        found = next(each for each in data["specs"][spec]["quantizations"]
                     if each[0] == quantization)
        number = found[3][names.index(engine)][0]
        return data["texts"][number] if number >= 0 else ""

    assert reason(0, "none", "vLLM") == ""
    assert reason(0, "none", "MLX") == "MLX has no loader for pytorch; it loads mlx (MB301)"
    assert reason(1, "Int3", "vLLM").endswith("(MB302)")
    assert reason(1, "Int4", "Transformers") == "The catalogue does not name Transformers for it"
    assert reason(2, "BF16", "vLLM") == "It opens one file (MB304)"
    assert reason(2, "BF16", "llama.cpp") == ""


def test_hubs_that_have_it_are_told_and_linked(project: SphinxProject) -> None:
    data = builder_data(project.model("star"))
    assert [each[0] for each in data["hubs"]] == ["huggingface", "modelscope"]
    by_name = {each[0]: each[2] for each in data["specs"][2]["quantizations"]}
    assert by_name == {"BF16": [0], "Q4_K_M": [0, 1], "Q8_0": [0]}
    gptq = data["specs"][1]["hubs"][0]
    assert "Int4".join(gptq[1:]) == "https://huggingface.co/q/Star-Int4"


@pytest.mark.parametrize(("draft", "said"), [
    (0, ""), (10**9, "Its draft model is counted."), (None, "Its draft model is not counted.")])
def test_an_estimate_says_whether_the_draft_model_is_in_it(draft: int | None, said: str) -> None:
    init([], None)
    whole = basis(Estimate(1, 1, None, 1, 8192, from_lock=False, draft=draft))
    assert whole.partition(" context. ")[2] == said


def test_a_family_on_no_usable_hub_says_so(project: SphinxProject) -> None:
    page = project.model("far")
    assert "Nothing of it can be launched by Modelbook." in text(page)
    assert "mb-builder-data" not in page


def test_hostile_text_ends_no_script_and_stays_text(project: SphinxProject) -> None:
    for name in ("wild", "star"):
        page = project.model(name)
        assert "<img src=x" not in page
        assert "<script>alert(1)" not in page
        for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S):
            assert "alert" not in content or "application/json" in attributes
    assert "alert(1)" in text(project.model("star"))


def test_badges_say_what_the_records_say(project: SphinxProject) -> None:
    page = project.model("star")
    assert "answers · twin" in row(page, "none")
    assert "out of date" in row(page, "none")
    assert "answers · real weights" in row(page, "Q4_K_M")
    assert "failed" in row(page, "Q8_0")
    assert "not verified" in row(page, "Q8_0")
    assert "refuted" in row(page, "Int3")
    assert "not loaded" in row(page, "BF16")


def test_the_record_behind_a_badge_is_told(project: SphinxProject) -> None:
    page = text(project.model("star"))
    for part in ("2026-11-25: passed (answers)", "llama.cpp (p 1.2)",
                 "real weights: lab/Star-8B-GGUF @ 0123456789ab",
                 "a tiny twin, not the real weights",
                 "linux, x86_64, A processor, cpu+cuda, 2 × G1", "tried by continuous integration",
                 "asked “Why?”, it answered", "no kernel",
                 "1 earlier records no longer count", "MB302 vLLM loads other widths"):
        assert part in page, part


def test_memory_is_said_to_be_an_estimate_with_a_picture_beside_it(project: SphinxProject) -> None:
    page = project.model("star")
    assert "Memory (estimate)" in text(page)
    assert "Estimated from size and quantization alone" in text(page)
    assert re.search(r'<svg class="mb-bar"[^>]*aria-hidden="true"', page)
    assert "It holds for llama.cpp." in text(page)
    # Q4_K_M: 8e9 × 4.8944 bits, a fifth and 50 MB on top, and half a GiB for the context.
    assert "6.5 GB" in row(page, "Q4_K_M")


def test_other_families_of_the_lab_are_linked(project: SphinxProject) -> None:
    assert 'href="dwarf.html' in project.model("star")
    assert "Other families by lab" in text(project.model("star"))
    assert "Other families by" not in text(project.model("wild"))


@pytest.mark.parametrize("builder", ["text", "man", "latex"])
def test_other_builders_write_the_content_without_controls(
        project: SphinxProject, builder: str) -> None:
    project.build(builder)
    if builder == "text":
        page = project.model("star", "text")
        assert "answers · real weights" in page
        assert "--quantization Q4_K_M" in page
        assert "mb-builder" not in page
        assert "<svg" not in page


def test_without_a_manifest_a_build_says_what_to_do(tmp_path: Path) -> None:
    project = SphinxProject(tmp_path, MANIFEST)
    (project.source / "out/manifest.json").unlink()
    said = project.build(ok=False)
    assert "there is no manifest at" in said
    assert said.count("there is no manifest at") == 1


def test_a_page_of_another_build_is_named(tmp_path: Path) -> None:
    project = SphinxProject(tmp_path, MANIFEST)
    page = project.source / "out/models/llm/star.rst"
    page.write_text(page.read_text(encoding="utf-8").split(".. _models_llm_star_gptq_8:")[0],
                    encoding="utf-8")
    assert "the page of star does not show the 3 specs of the manifest" in project.build(ok=False)
