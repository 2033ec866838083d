"""All parts in one folder under their own names; the first is the path; a missing one is named."""

import pytest

from runtime.errors import UserError
from runtime.select import Wish, select
from tests.support import catalogue, models
from tests.support.hubs import gguf_family, pull

PARTS = ["00001-of-00003", "00002-of-00003", "00003-of-00003"]
NAMES = [f"Q4_K_M/m-{part}.gguf" for part in PARTS]
FAMILY = gguf_family(split_file_template="{quantization}/m-{part}.gguf",
                     split_parts={"Q4_K_M": PARTS})
FILES = {name: models.gguf(part=i, parts=3, values=64) for i, name in enumerate(NAMES)}


def test_listed_in_any_order_the_first_part_is_the_path(hub):
    hub.add("o/tiny", dict(reversed(FILES.items())))
    located = pull(FAMILY)
    assert located.path.name == "m-00001-of-00003.gguf"
    assert [path.name for path in located.model.weights] == [f"m-{part}.gguf" for part in PARTS]
    assert len({path.parent for path in located.model.weights}) == 1
    assert all(path.read_bytes() == FILES[name]
               for path, name in zip(located.model.weights, NAMES, strict=True))


def on_disk(folder, names):
    folder.mkdir()
    for name in names:
        (folder / name.split("/")[1]).write_bytes(FILES[name])
    return folder


@pytest.mark.parametrize("given", ["", "m-00001-of-00003.gguf", "m-00002-of-00003.gguf"])
def test_a_path_may_be_the_folder_or_any_part(tmp_path, given):
    folder = on_disk(tmp_path / "m", NAMES)
    assert pull(FAMILY, model_path=folder / given).path == folder / "m-00001-of-00003.gguf"


def test_a_missing_part_is_named_before_an_engine_starts(tmp_path):
    folder = on_disk(tmp_path / "m", [NAMES[0], NAMES[2]])
    with pytest.raises(UserError, match=r"m-00002-of-00003\.gguf") as caught:
        pull(FAMILY, model_path=folder)
    assert caught.value.code == "files-missing"


def test_a_renamed_first_part_is_found_out_by_its_header(tmp_path):
    path = tmp_path / "renamed.gguf"
    path.write_bytes(FILES[NAMES[0]])
    with pytest.raises(UserError, match="part 1 of 3") as caught:
        pull(gguf_family(), model_path=path)
    assert caught.value.code == "files-missing"


def test_a_local_hub_is_used_in_place(tmp_path, home):
    root = tmp_path / "hub"
    (root / "huggingface/o").mkdir(parents=True)
    on_disk(root / "huggingface/o/tiny", [])
    folder = on_disk(root / "huggingface/o/tiny/Q4_K_M", NAMES)
    from runtime import fetch

    combination = select(catalogue.manifest(FAMILY), Wish(name="tiny", hub="local"))
    located = fetch.ensure(combination, fetch.Options(hub_root=root))
    assert located.path == folder / "m-00001-of-00003.gguf"
    assert not home.exists()
