"""A file template names another model than the repository.

Why
---
A file in `demo-13B-GGUF` is hardly called `other-7B`; the template was copied from another spec
and leads to a file that does not exist, or to the wrong model. Sizes are judged by MB203. A file
name that leaves words out or adds some says nothing wrong.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 70
        quantizations: [Q4_K_M]
        repo_id: example/demo-distill-llama-70B-GGUF
        file_template: demo-distill-qwen-70B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 70
        quantizations: [Q4_K_M]
        repo_id: example/demo-distill-llama-70B-GGUF
        file_template: demo-distill-llama-70B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from compiler.check.ids import base_name, model_key, model_words
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB238"
NAME = "file-names-other-model"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_SIZE = re.compile(r"(?:a?[0-9]+(?:p[0-9]+)?|[0-9]+x[0-9]+)[bmt]\Z")
_GENERIC = frozenset({"ggml", "model", "weights", "gguf"})


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the words of each template with those of the repository id."""
    for spec, hub in family.sources():
        if spec.layout() != "file" or hub.hub == "pypi":
            continue
        repository = base_name(text(hub.repo_id) or "")
        for node in (hub.file_template, hub.split_file_template):
            name = base_name(text(node) or "")
            if node is not None and not _compatible(repository, name):
                yield family.problem(
                    node, f"the file name is of another model than the repository {repository}",
                    "copy the name from the list of files on the hub",
                    [family.related(hub.repo_id, "the repository")] if hub.repo_id else [])


@lru_cache(maxsize=256)
def _compatible(repository: str, name: str) -> bool:
    first, second = _words(repository), _words(name)
    return (not second or first <= second or second <= first
            or model_key(repository) == model_key(name))


def _words(name: str) -> frozenset[str]:
    # A word of one or two letters, such as `m`, is an abbreviation and says nothing.
    return frozenset(word for word in model_words(name) - _GENERIC
                     if len(word) > 2 and not _SIZE.match(word))
