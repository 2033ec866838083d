"""Several quantizations of a spec lead to the same file.

Why
---
Whoever asks for one quantization gets the other. Mostly `{quantization}` is missing in the
template. Paths that differ only in case count as one, since most desktop systems keep only one of
them.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import EffectiveHub, text
from runtime.files import expand

CODE = "MB231"
NAME = "quantizations-share-file"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Group the quantizations of each hub by their files."""
    for spec, hub in family.sources():
        if spec.layout() != "file":
            continue
        paths = [path.lower() for some in hub.files().values() for path in some]
        if len(set(paths)) == len(paths):
            continue  # nearly always
        owners: dict[tuple[str, str], dict[str, Scalar]] = {}
        for name, path, template in _files(hub):
            repository = expand(text(hub.repo_id) or "", name).lower()
            owners.setdefault((repository, path.lower()), {})[name] = template
        told: set[int] = set()
        for (_, path), names in owners.items():
            template = next(iter(names.values()))
            # Spellings of one name in two cases are MB243.
            if len({name.lower() for name in names}) > 1 and id(template) not in told:
                told.add(id(template))
                yield family.problem(template, f"{listing(names)} would all be the file {path}",
                                     "put {quantization} where the file names differ")


def _files(hub: EffectiveHub) -> Iterator[tuple[str, str, Scalar]]:
    for name in hub.quantization_names():
        parts = hub.split_quantizations().get(name)
        template = hub.split_file_template if parts else hub.file_template
        if template is not None:
            pieces: list[str | None] = list(parts) if parts else [None]
            for part in pieces:
                yield name, expand(text(template) or "", name, part), template
