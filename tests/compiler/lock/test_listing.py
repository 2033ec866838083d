"""What names of GGUF files tell; the names are those that quantizers give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.data import find
from compiler.lock.listing import GgufFiles, gguf_files
from compiler.read.nodes import plain
from compiler.read.parse import parse
from runtime.files import expand
from runtime.hubs.base import RemoteFile

_PATH = find("specs/formats.yaml")
assert _PATH is not None
_TREE, _ = parse(_PATH.read_bytes(), "formats.yaml")
KNOWN = plain(_TREE)["formats"]["ggufv2"]["quantizations"]  # type: ignore[arg-type,index,call-overload]


def listed(*paths: str) -> GgufFiles:
    return gguf_files([RemoteFile(path, size) for size, path in enumerate(paths, 1)], KNOWN)


@pytest.mark.parametrize(("path", "quantization", "template"), [
    ("m-7B-Q4_K_M.gguf", "Q4_K_M", "m-7B-{quantization}.gguf"),
    ("m-7b.q4_k_m.gguf", "q4_k_m", "m-7b.{quantization}.gguf"),
    ("m_7b_Q8_0.gguf", "Q8_0", "m_7b_{quantization}.gguf"),
    ("Q6_K/m-Q6_K.gguf", "Q6_K", "{quantization}/m-{quantization}.gguf"),
    ("m-UD-Q4_K_XL.gguf", "UD-Q4_K_XL", "m-{quantization}.gguf"),
    ("m.i1-IQ2_XXS.gguf", "i1-IQ2_XXS", "m.{quantization}.gguf"),
    ("m-fp16.gguf", "fp16", "m-{quantization}.gguf"),
    ("m-Q4_K_M-v2.gguf", "Q4_K_M", "m-{quantization}-v2.gguf"),
    ("F16-m-BF16.gguf", "BF16", "F16-m-{quantization}.gguf"),
])
def test_a_name(path: str, quantization: str, template: str) -> None:
    found = listed(path)
    assert (found.quantizations, found.file_template, found.others) == (
        [quantization], template, [])


def test_parts_folders_projectors_and_the_rest() -> None:
    found = listed("m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "mmproj-F16.gguf", "m-imatrix.gguf",
                   "UD-Q4_K_XL/m-UD-Q4_K_XL-00002-of-00002.gguf",
                   "UD-Q4_K_XL/m-UD-Q4_K_XL-00001-of-00002.gguf", "README.md", "draft-Q4_K_M.gguf")
    assert found == GgufFiles(
        quantizations=["Q4_K_M", "Q4_K_S", "UD-Q4_K_XL"], file_template="m-{quantization}.gguf",
        split_file_template="{quantization}/m-{quantization}-{part}.gguf",
        split_parts={"UD-Q4_K_XL": ["00001-of-00002", "00002-of-00002"]},
        projectors=["mmproj-F16.gguf"], others=["draft-Q4_K_M.gguf", "m-imatrix.gguf"])


def test_parts_that_are_not_all_there_are_not_promised() -> None:
    found = listed("m-BF16-00001-of-00003.gguf", "m-BF16-00003-of-00003.gguf", "m-Q8_0.gguf")
    assert (found.quantizations, found.split_parts, len(found.others)) == (["Q8_0"], {}, 2)


@pytest.mark.parametrize("path", [
    "m-Q4_K_M.gguf\n", "m: {a}-Q4_K_M.gguf", "m-{quantization}-Q4_K_M.gguf", "#m-Q4_K_M.gguf",
    "m\u2028-Q4_K_M.gguf", "m-Q4_KM.gguf", "m-none.gguf", "Q4_K_M.txt", ".gguf", "m.gguf"])
def test_what_no_template_can_be_made_of(path: str) -> None:
    found = listed(path)
    assert (found.quantizations, found.file_template) == ([], None)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.{}/ -]{1,12}(Q4_K_M|Q8_0|UD-Q2_K_XL|x)"
                              r"(-0000[1-3]-of-0000[12])?\.gguf", fullmatch=True), unique=True))
def test_templates_name_files_that_are_there(paths: list[str]) -> None:
    found = listed(*paths)
    for name in found.quantizations:
        parts = found.split_parts.get(name)
        template = found.split_file_template if parts else found.file_template
        assert template is not None
        for part in parts or [None]:
            assert expand(template, name, part) in paths
