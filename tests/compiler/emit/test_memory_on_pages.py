"""What a page says of disk and memory."""

from __future__ import annotations

import msgspec
import pytest

from compiler.emit.view import SpecView
from runtime.manifest import Draft
from tests.support import catalogue


def view(repo_id: str) -> SpecView:
    """A spec with a draft model, as a page sees it."""
    names = ["Q8_0", "Q4_K_M"]
    hub = msgspec.structs.replace(
        catalogue.hub("huggingface", "o/m", names, file_template="m-{quantization}.gguf"),
        draft=Draft(repo_id=repo_id, quantizations=["Q8_0"], file_template="d.gguf"))
    spec = catalogue.spec("ggufv2", "8", names, [hub], [catalogue.claim("llama.cpp", names)])
    family = catalogue.family("m", [spec])
    engines = {engine.name: engine for engine in catalogue.manifest(family).engines}
    return SpecView(family, spec, 1, engines)


@pytest.mark.parametrize(("repo_id", "said", "disk"), [
    ("o/Small-0.5B-GGUF", "with its draft model", "9.0 GB"),
    ("o/EAGLE3-8B", "its draft model is not counted", "8.5 GB")])
def test_a_page_says_whether_the_draft_model_counts(repo_id: str, said: str, disk: str) -> None:
    found = view(repo_id)
    assert found.memory_basis == ("from size and quantization alone; a reserve stands for the "
                                  f"context; {said}; for llama.cpp")
    assert found.memory_rows[0][:2] == ("Q8_0", disk)
