"""The output folder is all of one build or all of the earlier one, and only ours is touched."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from compiler.emit import write as module
from compiler.emit.write import LIST, compare, unified_diff, write
from runtime.errors import UserError

FILES = {"models/llm/a.rst": b"a\n", "models/llm/index.rst": b"index\n", "manifest.json": b"{}\n"}


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every file and link below `folder`."""
    return {path.relative_to(folder).as_posix():
            path.readlink().as_posix() if path.is_symlink() else path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()}


def test_a_first_build_writes_everything(tmp_path: Path):
    out = tmp_path / "a b" / "out"
    changes = write(out, FILES)
    assert changes.new == sorted(FILES)
    assert {path: data for path, data in tree(out).items() if path != LIST} == FILES
    assert not list(out.glob(".modelbook-*/"))


def test_an_unchanged_file_is_not_touched(tmp_path: Path):
    write(tmp_path, FILES)
    for path in tmp_path.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))
    changes = write(tmp_path, {**FILES, "models/llm/a.rst": b"b\n"})
    assert changes.changed == ["models/llm/a.rst"]
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert times.pop("a.rst") != 10**18
    assert set(times.values()) == {10**18}


def test_a_page_that_is_no_longer_generated_is_removed_and_nothing_else(tmp_path: Path):
    write(tmp_path, FILES)
    (tmp_path / "models/llm/mine.rst").write_text("written by hand")
    (tmp_path / "notes.txt").write_text("mine")
    fewer = {path: data for path, data in FILES.items() if path != "models/llm/a.rst"}
    assert write(tmp_path, fewer).stale == ["models/llm/a.rst"]
    assert set(tree(tmp_path)) == {*fewer, LIST, "models/llm/mine.rst", "notes.txt"}
    assert write(tmp_path, fewer).stale == []


@pytest.mark.parametrize("listed", [
    "../victim.rst", "/etc/passwd", "models/llm/../../victim.rst", "notes.txt", "models/llm/a.txt",
    "models/llm/sub/x.rst", "C:\\x.rst", 7, None, ["x"]])
def test_the_list_cannot_make_it_remove_what_is_not_a_page(tmp_path: Path, listed: object):
    out = tmp_path / "out"
    write(out, FILES)
    for victim in (tmp_path / "victim.rst", out / "notes.txt", out / "models/llm/a.txt"):
        victim.write_text("x")
    (out / LIST).write_text(json.dumps({"files": [listed]}))
    before = tree(tmp_path)
    assert compare(out, FILES).stale == []
    write(out, FILES)
    assert {**before, f"out/{LIST}": b""} == {**tree(tmp_path), f"out/{LIST}": b""}


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"files": 1}', "\x00", "[" * 100_000])
def test_a_broken_list_is_replaced(tmp_path: Path, text: str):
    write(tmp_path, FILES)
    good = (tmp_path / LIST).read_bytes()
    (tmp_path / LIST).write_text(text)
    write(tmp_path, FILES)
    assert (tmp_path / LIST).read_bytes() == good


@pytest.mark.parametrize("failing", range(1, 8))
def test_a_failure_at_any_rename_leaves_the_folder_as_it_was(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int):
    write(tmp_path, {**FILES, "models/llm/old.rst": b"old\n"})
    before = tree(tmp_path)
    calls = 0
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(module.Path, "replace", fail)
    changed = {path: data + b"new\n" for path, data in FILES.items()} | {
        "models/image/new.rst": b"n\n"}
    if failing <= 6:  # four files, the list and the removal
        with pytest.raises(UserError, match="No space left on device"):
            write(tmp_path, changed)
        monkeypatch.undo()
        assert tree(tmp_path) == before
        assert not (tmp_path / "models/image").exists()
    else:
        write(tmp_path, changed)
        assert "models/image/new.rst" in tree(tmp_path)
    assert not list(tmp_path.glob(".modelbook-*/"))


def test_an_interruption_leaves_the_folder_as_it_was(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, FILES)
    before = tree(tmp_path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_make_folders", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, {**FILES, "manifest.json": b"[]\n"})
    assert tree(tmp_path) == before
    assert not list(tmp_path.glob(".modelbook-*/"))


@pytest.mark.parametrize("link", ["models", "models/llm", "models/llm/a.rst", "manifest.json",
                                  LIST])
def test_it_does_not_write_through_a_link_that_leaves_the_folder(tmp_path: Path, link: str):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / link).parent.mkdir(parents=True)
    target = elsewhere if link in ("models", "models/llm") else elsewhere / "file"
    (out / link).symlink_to(target)
    before = tree(tmp_path)
    with pytest.raises(UserError, match="symbolic link that leaves"):
        write(out, FILES)
    assert tree(tmp_path) == before


def test_the_output_folder_itself_may_be_a_link(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    write(tmp_path / "out", FILES)
    assert (tmp_path / "real/manifest.json").read_bytes() == b"{}\n"


@pytest.mark.parametrize("path", ["../x.rst", "/x.rst", "a/../../x.rst", "C:/x.rst", "con.rst"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str):
    with pytest.raises(UserError, match="cannot write"):
        write(tmp_path / "out", {path: b""})
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(UserError, match="is not a folder"):
        write(tmp_path / "out", FILES)


def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path: Path):
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(UserError, match=r"manifest\.json"):
        write(tmp_path, FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_comparing_changes_nothing_and_shows_every_difference(tmp_path: Path):
    write(tmp_path, {**FILES, "models/llm/old.rst": b"old\n"})
    before = tree(tmp_path)
    now = {**FILES, "models/llm/a.rst": b"b\n", "models/llm/new.rst": b"new\n"}
    changes = compare(tmp_path, now)
    assert (changes.new, changes.changed, changes.stale) == (
        ["models/llm/new.rst"], ["models/llm/a.rst"], ["models/llm/old.rst"])
    lines = list(unified_diff(tmp_path, now, changes))
    assert {"-a", "+b", "+new", "-old", "--- /dev/null", "+++ /dev/null"} <= set(lines)
    assert tree(tmp_path) == before
    assert not compare(tmp_path / "nowhere", {}).any()
    assert not (tmp_path / "nowhere").exists()


def test_what_a_killed_build_left_is_removed_and_what_a_running_one_has_is_not(tmp_path: Path):
    for name, age in (("old", 7200), ("running", 0)):
        folder = tmp_path / f".modelbook-stage-{name}"
        folder.mkdir()
        (folder / "0.new").write_text("half")
        then = time.time() - age
        os.utime(folder, (then, then))
    write(tmp_path, FILES)
    assert [path.name for path in tmp_path.glob(".modelbook-stage-*")] == [
        ".modelbook-stage-running"]
