"""A catalogue compiled family by family is what it is in one piece, whatever was kept before."""

import hashlib
import json
import os
import shutil
import threading
import time

import jinja2
import pytest

from compiler import cache, parallel, stamps, verification
from compiler.catalogue import load
from compiler.check import registry
from compiler.commands import build as build_verb
from compiler.emit import outputs, profiles
from compiler.emit.turns import turn
from compiler.emit.write import LIST
from compiler.pipeline import Options, compile_specs
from compiler.plan import plan
from compiler.read import parse
from compiler.review import of_compiled, review
from runtime import index
from tests.bench import synthetic
from tests.support.project import ROOT

MODELBOOK = "modelbook"
DEPRECATED = """\
deprecated:
  since: 2026-01-02
  reason: It was renamed.
  renamed_to: {to}
"""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("MODELBOOK_CACHE", str(folder))
    return folder


@pytest.fixture
def specs(tmp_path):
    return synthetic.write(8, tmp_path / "specs")


def whole(specs, profile=MODELBOOK):
    """Everything of a build in one piece."""
    return outputs.render(plan(load(specs).documents), profiles.find(profile),
                          verification.read(specs))


def run(specs, out, *options):
    import argparse

    parser = argparse.ArgumentParser()
    build_verb.add_arguments(parser)
    return build_verb.run(parser.parse_args(
        ["--specs", str(specs), "--out", str(out), "--keep-claims", *options]))


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*") if path.is_file() and path.name != LIST}


def check_same(specs, out, *options):
    assert run(specs, out, *options) == 0
    assert tree(out) == whole(specs)


def family(specs, number):
    return specs / "families" / f"{synthetic.name(number)}.yaml"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def compiled(monkeypatch):
    """The families that are compiled, not taken from the cache."""
    names = []
    real = parallel.compile_all

    def spy(workshop, specs, work, jobs, meanwhile):
        names.extend(source.path.stem for source in work)
        return real(workshop, specs, work, jobs, meanwhile)

    monkeypatch.setattr(parallel, "compile_all", spy)
    return names


def test_own_specs_are_the_same_in_every_way(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "WORTH", 4)
    expected = whole(ROOT / "specs")
    for options in (["--no-cache", "--jobs", "1"], ["--jobs", "2"], [], ["--no-cache"]):
        assert run(ROOT / "specs", tmp_path / "out", *options) == 0
        assert tree(tmp_path / "out") == expected


def test_both_profiles(specs, tmp_path):
    for profile in profiles.names():
        for _ in range(2):
            assert run(specs, tmp_path / profile, "--profile", profile) == 0
            assert tree(tmp_path / profile) == whole(specs, profile)


def test_findings_are_the_same(specs):
    edit(family(specs, 1), "abilities: [chat, tools]", "abilities: [chat, tools, reasoning]")
    edit(family(specs, 2), "name: cobalt-00002", "name: Basalt-00001")
    expected = review(specs).findings
    assert {finding.code for finding in expected} >= {"MB308", "MB401", "MB403"}
    for options in (Options(cached=False), Options(), Options(), Options(jobs=1)):
        assert review(specs, options=options).findings == expected


def test_only_what_changed_is_compiled_again(specs, tmp_path, compiled):
    check_same(specs, tmp_path / "out")
    compiled.clear()
    check_same(specs, tmp_path / "out")
    assert compiled == []
    edit(family(specs, 3), "synthetic family", "changed family")
    check_same(specs, tmp_path / "out")
    assert compiled == [synthetic.name(3)]
    compiled.clear()
    family(specs, 4).unlink()
    check_same(specs, tmp_path / "out")
    assert compiled == []


def test_what_others_say_is_seen_from_the_cache(specs, tmp_path):
    assert review(specs, options=Options()).count(3) == 0
    edit(family(specs, 5), "name: fjord-00005", "name: EMBER-00004")
    found = review(specs, options=Options()).findings
    assert found == review(specs).findings
    assert "MB403" in {finding.code for finding in found}


def test_a_suppression_of_a_catalogue_rule_is_kept(specs):
    edit(family(specs, 0), "description: >-", "description: >-  # modelbook: ignore[MB405] why")
    for _ in range(2):
        assert review(specs, options=Options()).findings == review(specs).findings


def test_a_deprecated_family_follows_its_successor(specs, tmp_path, compiled):
    old, new = family(specs, 1), family(specs, 2)
    old.write_text(DEPRECATED.format(to=synthetic.name(2)) + old.read_text())
    check_same(specs, tmp_path / "out")
    check_same(specs, tmp_path / "out")
    compiled.clear()
    new.write_text(DEPRECATED.format(to=synthetic.name(3)) + new.read_text())
    check_same(specs, tmp_path / "out")
    assert compiled == [synthetic.name(2)]
    assert review(specs, options=Options()).findings == review(specs).findings
    new.unlink()
    assert review(specs, options=Options()).findings == review(specs).findings


def test_formats_and_engines_decide_too(specs, tmp_path, compiled):
    for name in ("engines", "formats.yaml"):
        source = ROOT / "specs" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, specs / name)
    check_same(specs, tmp_path / "out")
    compiled.clear()
    edit(specs / "engines" / "mlx.yaml", "title: ", "title: Another ")
    check_same(specs, tmp_path / "out")
    assert len(compiled) == 8


def test_only_what_changed_is_parsed_again(specs, tmp_path, monkeypatch):
    for name in ("engines", "formats.yaml"):
        source = ROOT / "specs" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, specs / name)
    parsed = []
    real = parse.parse

    def spy(content, name):
        parsed.append(name.rpartition("/")[2])
        return real(content, name)

    def found():
        """What a run with the cache finds; it parses again only what `parsed` says."""
        monkeypatch.setattr(parse, "parse", spy)
        parsed.clear()
        findings = review(specs, options=Options()).findings
        monkeypatch.setattr(parse, "parse", real)
        assert findings == review(specs).findings
        return findings

    found()
    found()
    assert parsed == []
    edit(family(specs, 6), "synthetic family", "changed family")
    found()
    assert parsed == [f"{synthetic.name(6)}.yaml"]
    engine = specs / "engines" / "mlx.yaml"
    edit(engine, "title: ", "# modelbook: ignore[MB313] of another engine\ntitle: ")
    assert "MB502" in {finding.code for finding in found()}
    assert {"mlx.yaml", "vllm.yaml", "formats.yaml"} < set(parsed)
    engine.rename(engine.with_name("other.yaml"))
    assert "MB401" in {finding.code for finding in found()}
    (specs / "catalogue.yaml").write_text(f"families: [{synthetic.name(1)}, nobody]\n")
    assert "nobody" in "".join(finding.message for finding in found())
    (specs / "catalogue.yaml").unlink()
    text = engine.with_name("other.yaml").read_text()
    engine.with_name("other.yaml").write_text(text.replace("title: ", "titel: "))
    found()
    engine.with_name("other.yaml").write_text(text)
    (specs / "engines" / "vllm.yaml").unlink()
    found()


def test_another_compiler_finds_nothing(specs, tmp_path, compiled, monkeypatch):
    check_same(specs, tmp_path / "out")
    compiled.clear()
    monkeypatch.setattr(cache, "code", lambda stamps: b"another")
    check_same(specs, tmp_path / "out")
    assert len(compiled) == 8


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: data[:-1], lambda data: data[:100] + b"x" + data[101:],
    lambda data: b"0" * 64 + data[64:]])
def test_a_damaged_cache_is_ignored(specs, tmp_path, cache_folder, damage):
    check_same(specs, tmp_path / "out")
    for path in cache_folder.iterdir():
        path.write_bytes(damage(path.read_bytes()))
    edit(family(specs, 6), "synthetic family", "changed family")
    check_same(specs, tmp_path / "out")


@pytest.mark.skipif(os.name == "nt", reason="the modes of files say nothing there")
def test_templates_are_compiled_once(specs, tmp_path, cache_folder, monkeypatch):
    seen = []
    translate = jinja2.Environment._generate

    def generate(self, source, name, *rest, **more):
        seen.append(name)
        return translate(self, source, name, *rest, **more)

    monkeypatch.setattr(jinja2.Environment, "_generate", generate)
    check_same(specs, tmp_path / "out")
    seen.clear()
    edit(family(specs, 3), "context_length:", "context_length: ")
    assert run(specs, tmp_path / "out") == 0
    assert seen == []
    [kept] = cache_folder.glob("*.cache")
    kept.chmod(0o666)  # anybody could have put their own code into it
    edit(family(specs, 3), "context_length:", "context_length: ")
    assert run(specs, tmp_path / "out") == 0
    assert "family.rst.j2" in seen
    assert tree(tmp_path / "out") == whole(specs)


def test_no_rule_runs_again_where_nothing_has_changed(specs, tmp_path, monkeypatch):
    edit(family(specs, 5), synthetic.name(5), synthetic.name(4))  # two families of one name

    def findings():
        made = compile_specs(specs, Options())
        made.keep()
        return made.findings

    told = findings()
    assert any(finding.related for finding in told)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "all_rules", lambda: pytest.fail("a rule was asked for"))
        assert findings() == told
    edit(family(specs, 5), synthetic.name(4), synthetic.name(5))
    assert findings() == compile_specs(specs, Options(cached=False)).findings != told


def test_a_cache_that_cannot_be_written_is_no_error(specs, tmp_path, monkeypatch):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("MODELBOOK_CACHE", str(blocked))
    check_same(specs, tmp_path / "out")


def test_a_changed_output_folder_is_put_right(specs, tmp_path):
    out = tmp_path / "out"
    check_same(specs, out)
    page = out / "models" / "llm" / f"{synthetic.name(1)}.rst"
    page.write_text("something else")
    (out / "models" / "llm" / "index.rst").unlink()
    check_same(specs, out)
    (out / "manifest.json").write_bytes((out / "manifest.json").read_bytes() + b" ")
    check_same(specs, out)
    shutil.rmtree(out)
    check_same(specs, out)


def test_nothing_is_kept_of_a_build_without_cache(specs, tmp_path, cache_folder):
    check_same(specs, tmp_path / "out", "--no-cache")
    assert not cache_folder.exists()


def test_the_cache_is_bounded(specs, tmp_path, cache_folder, monkeypatch):
    monkeypatch.setattr(cache, "MAX_FILES", 3)
    for number in range(5):
        check_same(specs, tmp_path / f"out-{number}")
    assert len(list(cache_folder.iterdir())) == 3


def test_builds_at_once(specs, tmp_path):
    def one(number):
        results.append(run(specs, tmp_path / f"out-{number % 2}", "--jobs", "1"))

    results: list[int] = []
    for number in (0, 1):
        check_same(specs, tmp_path / f"out-{number}")
    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0, 0]
    for number in (0, 1):
        check_same(specs, tmp_path / f"out-{number}")


@pytest.mark.skipif(os.name == "nt", reason="builds do not wait for each other on Windows")
def test_builds_of_one_folder_take_turns(specs, tmp_path, capsys):
    out = tmp_path / "new" / "out"
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with turn(out, lambda: None):
            inside.set()
            assert leave.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(60)
    builder = threading.Thread(target=run, args=(specs, out))
    builder.start()
    deadline = time.monotonic() + 60
    while "waiting for it" not in capsys.readouterr().err:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    leave.set()  # nothing was built, so the folder goes, and the one who waited makes it again
    holder.join()
    builder.join()
    assert tree(out) == whole(specs)


def test_a_build_that_is_refused_leaves_no_folder(specs, tmp_path):
    family(specs, 2).write_text("name: [\n")
    assert run(specs, tmp_path / "new" / "out") == 1
    assert not (tmp_path / "new").exists()


def test_a_family_with_an_error_costs_only_itself(specs, tmp_path, compiled):
    old = family(specs, 1)
    old.write_text(DEPRECATED.format(to=synthetic.name(2)) + old.read_text())
    check_same(specs, tmp_path / "out")
    before = tree(tmp_path / "out")
    review(specs, options=Options())
    for broken in ("name: [\n", "name: cobalt-00002\nwrong: 1\n", "\xff"):
        family(specs, 2).write_bytes(broken.encode("latin-1"))
        compiled.clear()
        found = review(specs, options=Options())
        assert compiled == [synthetic.name(2)]
        expected = review(specs)
        assert found.findings == expected.findings
        assert found.failed
        assert {finding.file: found.texts.get(finding.file) for finding in found.findings} == {
            finding.file: expected.texts.get(finding.file) for finding in expected.findings}
        compiled.clear()
        assert run(specs, tmp_path / "out") == 1
        assert compiled == [synthetic.name(2)]
        assert tree(tmp_path / "out") == before
    compiled.clear()
    assert review(specs, options=Options()).findings == expected.findings
    assert compiled == []


def test_a_family_that_cannot_be_read_costs_only_itself(specs, compiled):
    path = family(specs, 2)
    path.unlink()
    path.symlink_to("/etc/hostname")
    review(specs, options=Options())
    compiled.clear()
    result = review(specs, options=Options())
    assert result.findings == review(specs).findings
    assert "MB019" in {finding.code for finding in result.findings}
    assert path.as_posix() not in result.texts
    assert compiled == [synthetic.name(2)]


def test_a_file_that_was_left_alone_is_not_read_again(specs, tmp_path, monkeypatch):
    monkeypatch.setattr(stamps, "_TICKS", 0)
    out = tmp_path / "out"
    for _ in range(2):
        check_same(specs, out)
    page = out / "models" / "llm" / f"{synthetic.name(3)}.rst"
    kept = {path: path.stat() for path in (family(specs, 3), page, out / "manifest.json")}
    monkeypatch.setattr(stamps.Stamps, "remember", None)  # called after reading
    assert run(specs, out) == 0
    monkeypatch.undo()
    for path, status in kept.items():
        content = path.read_bytes()
        path.write_bytes(content.replace(b"synthetic", b"SYNTHETIC"))
        assert path.stat().st_size == status.st_size
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had happened
        check_same(specs, out)
        path.write_bytes(path.read_bytes().replace(b"SYNTHETIC", b"synthetic"))
        check_same(specs, out)


def test_a_file_that_was_just_changed_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"a")
    monkeypatch.setattr(stamps, "_TICKS", 60_000_000_000)
    monkeypatch.setattr(stamps, "_COARSE_TICKS", 60_000_000_000)
    first = stamps.Stamps({})
    assert first.digest_or_read(str(path)) == hashlib.sha256(b"a").digest()
    assert first.taken == {}


def test_content_of_a_known_file_is_what_was_known(tmp_path, monkeypatch):
    monkeypatch.setattr(stamps, "_TICKS", 0)
    monkeypatch.setattr(stamps, "_COARSE_TICKS", 0)
    path = tmp_path / "file"
    path.write_bytes(b"a")
    known = stamps.Stamps({})
    digest = known.digest_or_read(str(path))
    assert known.content(str(path), digest) == b"a"
    assert known.content(str(path), b"another") is None
    path.write_bytes(b"b")
    assert known.content(str(path), digest) is None
    real = stamps.look
    seen = []

    def look(name):  # changed between the look and the reading
        found = real(name)
        if not seen:
            path.write_bytes(b"c")
        seen.append(found)
        return found

    again = known.digest_or_read(str(path))
    monkeypatch.setattr(stamps, "look", look)
    assert known.content(str(path), again) is None
    assert len(seen) == 2


def test_the_index_of_a_large_manifest_is_the_same_from_the_cache(specs, tmp_path, monkeypatch):
    out = tmp_path / "out"
    check_same(specs, out)
    assert not (out / "manifest.index").exists()
    monkeypatch.setattr(index, "WORTH", 0)  # as if it had grown
    edit(family(specs, 1), "synthetic family", "changed family")
    for _ in range(2):
        check_same(specs, out)
    assert (out / "manifest.index").exists()
    edit(family(specs, 3), "synthetic family", "changed family")
    check_same(specs, out)
    family(specs, 5).unlink()
    check_same(specs, out)
    (out / "manifest.index").unlink()
    check_same(specs, out)
    (out / "manifest.json").unlink()
    check_same(specs, out)


def test_families_that_would_share_a_page_leave_it_to_the_whole(specs, tmp_path):
    edit(family(specs, 2), "name: cobalt-00002", "name: basalt-00001")
    assert compile_specs(specs, Options(), profiles.find(MODELBOOK), tmp_path / "out") is None


def test_workers_that_do_not_inherit(specs, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "WORTH", 1)
    monkeypatch.setattr(parallel, "START_METHOD", "spawn")
    check_same(specs, tmp_path / "out", "--jobs", "2", "--no-cache")


@pytest.mark.skipif(parallel.START_METHOD != "fork", reason="nothing is forked here")
def test_what_a_worker_took_and_did_not_bring_back_is_compiled_again(specs, tmp_path, monkeypatch):
    def die(workshop, chunks, queue, out):
        os.read(queue, 4)
        os._exit(1)

    monkeypatch.setattr(parallel, "WORTH", 1)
    monkeypatch.setattr(parallel, "_work", die)
    check_same(specs, tmp_path / "out", "--jobs", "3", "--no-cache")


def test_how_many_processes():
    assert parallel.jobs_for(4, 10) == 1
    assert parallel.jobs_for(4, 4 * parallel.WORTH) == 4
    assert parallel.jobs_for(1, 10_000) == 1
    assert parallel.jobs_for(None, 10_000_000) == len(os.sched_getaffinity(0))


def test_no_page_is_made_for_a_check(specs):
    result = compile_specs(specs, Options(cached=False))
    assert result is not None
    assert result.outputs is None
    assert of_compiled(result).checked == review(specs).checked


def test_the_bench_runs(tmp_path):
    from tests.bench import bench_compile

    assert bench_compile.main(["--quick", "--json", str(tmp_path / "bench.json")]) == 0
    figures = json.loads((tmp_path / "bench.json").read_text())
    assert figures["compiler"][0]["families"] == bench_compile.QUICK_SIZE
