"""A manifest read through its index says the same as one read as a whole, and never less truly."""

import pytest

from runtime import index
from runtime.errors import UserError
from runtime.manifest import assemble, decode, decode_family, encode, family_bytes, load
from runtime.select import find_family
from runtime.selectors import matching, parse_selector
from tests.support import catalogue
from tests.support.hubs import runtime


@pytest.fixture
def record():
    return catalogue.everything()


@pytest.fixture
def path(record, tmp_path):
    path = catalogue.write(record, tmp_path)
    pieces = assemble(record, [family_bytes(family) for family in record.families])
    assert b"".join(pieces) == path.read_bytes()
    listed = [index.listed(family) for family in record.families]
    index.index_path(path).write_bytes(index.encode(pieces, listed))
    return path


def change(path, old, new):
    data = path.read_bytes()
    assert data.count(old) == 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))


def test_the_same_records(path):
    whole, opened = load(path), index.open_indexed(path)
    assert isinstance(opened.families, index.IndexedFamilies)
    assert list(opened.families) == whole.families
    assert opened.families[1:] == whole.families[1:]
    assert (opened.digest, opened.engines, opened.formats) == (
        whole.digest, whole.engines, whole.formats)
    assert index.all_listed(opened) == index.all_listed(whole)
    assert index.names(opened) == index.names(whole)


def test_the_same_answers(path):
    whole, opened = load(path), index.open_indexed(path)
    for manifest in (whole, opened):
        assert find_family(manifest, " SEED-oss") == whole.families[0]
        with pytest.raises(UserError, match="no model named 'smolm'") as error:
            find_family(manifest, "smolm")
        assert error.value.details["nearest"] == ["smollm2"]
    selector = parse_selector("smol*/**")
    assert [c.id for c in matching(opened, selector)] == [c.id for c in matching(whole, selector)]


@pytest.mark.parametrize("command", [
    ["list"], ["list", "smol", "--format", "json"], ["list", "--hub", "pypi"],
    ["show", "seed-oss", "--why"], ["show", "nothing"],
    ["launch", "--dry-run", "--model-name", "smollm2", "--hub", "huggingface"],
])
def test_the_same_output(command, path):
    with_index = runtime(*command, "--manifest", str(path))
    index.index_path(path).unlink()
    without = runtime(*command, "--manifest", str(path))
    assert (with_index.returncode, with_index.stdout) == (without.returncode, without.stdout)


def test_a_changed_family_is_never_served(path):
    change(path, b"About smollm2.", b"About smollm3.")
    opened = index.open_indexed(path)
    assert find_family(opened, "seed-oss").name == "seed-oss"
    with pytest.raises(UserError, match="changed after it was compiled") as error:
        find_family(opened, "smollm2")
    assert error.value.code == "manifest-digest"
    done = runtime("show", "smollm2", "--manifest", str(path))
    assert done.returncode == 1
    assert "its family smollm2" in done.stderr


@pytest.mark.parametrize(("old", "new"), [
    (b'"name": "vLLM"', b'"name": "vllm"'),
    (b'"format_version": 1', b'"format_version": 2'),
    (b'"digest": "sha256:', b'"digest": "sha257:'),
])
def test_what_is_changed_elsewhere_makes_the_whole_be_checked(path, old, new):
    change(path, old, new)
    assert index.open_indexed(path) is None
    done = runtime("list", "--manifest", str(path))
    assert done.returncode == 1
    assert done.stdout == ""


def test_an_index_that_does_not_fit_is_ignored(path, record):
    good = index.index_path(path).read_bytes()
    for bad in (b"", good[:-1], good[:200], good.replace(b"smollm2", b"smallm2"),
                b"x" * len(good), good[:65]):
        index.index_path(path).write_bytes(bad)
        assert index.open_indexed(path) is None
        assert runtime("list", "--manifest", str(path)).returncode == 0
    index.index_path(path).write_bytes(good)
    catalogue.write(catalogue.manifest(record.families[0]), path.parent)
    assert index.open_indexed(path) is None


def test_an_unknown_field_is_refused_by_name(record):
    data = family_bytes(record.families[0]).replace(b'{\n', b'{\n      "newer": 1,\n', 1)
    with pytest.raises(UserError, match="newer"):
        decode_family(data, "manifest")
    assert decode_family(data, "manifest", ["newer"]) == record.families[0]


def test_an_empty_manifest_is_one_piece():
    empty = catalogue.manifest()
    assert len(assemble(empty, [])) == 1
    assert decode(encode(empty)).families == []


@pytest.mark.parametrize("named", [".", "/", "tests"])
def test_a_folder_in_place_of_a_manifest_is_misuse(named):
    done = runtime("list", "--manifest", named)
    assert done.returncode == 2, done.stderr
    assert "name the file manifest.json itself" in done.stderr
