"""The repository has quantizations that the spec lacks.

Why
---
Quantizers add files to a repository after it was written into a spec. What is not listed cannot be
launched. The names are those that the spec's own file templates find in the hub's list of files, in
one file or in several parts, in whatever folder.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B-GGUF",
      "files": [{"path": "demo-7B-Q4_K_M.gguf"},
      {"path": "demo-7B-Q8_0.gguf"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B-GGUF",
      "files": [{"path": "demo-7B-Q4_K_M.gguf"},
      {"path": "demo-7B-Q8_0.gguf"}]}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from runtime.lockfile import LockedSource

CODE = "MB604"
NAME = "lock-hub-has-more"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY

_PART = re.compile(r"[.-](?:\{part\}|[0-9]{5}-of-[0-9]{5})(?=\.)")


def check(family: FamilyView) -> Iterator[Problem]:
    """Match the locked files with the templates."""
    for use, source in sources(family):
        offered: set[str] = set()
        for template in (use.record.file_template, use.record.split_file_template):
            if template and "{quantization}" in template:
                offered.update(_offered(template, source))
        more = [name for name in offered if name not in use.spec.names()
                and family.catalogue.knows_quantization(use.spec.format, name)]
        if more:
            yield family.problem(use.hub.key, f"{use.where} also has {listing(sorted(more), 12)}",
                                 "add them to `quantizations`, or leave them out on purpose")


def _offered(template: str, source: LockedSource) -> Iterator[str]:
    """The quantizations that a template finds."""
    named = "{quantization}" in PurePosixPath(template).name
    first, *others = re.escape(_whole(template, named=named)).split(r"\{quantization\}")
    found = re.compile(f"{first}(?P<name>[A-Za-z0-9_-]+)" + "(?P=name)".join(others))
    for file in source.files:
        if match := found.fullmatch(_whole(file.path, named=named)):
            yield match["name"]


def _whole(path: str, *, named: bool) -> str:
    """A path without the number of its part; only its last piece where that names all."""
    return _PART.sub("", PurePosixPath(path).name if named else path)
