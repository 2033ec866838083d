"""A provider says neither what to install nor which program to look for.

Why
---
With `requirements` the engine is installed into an environment of its own; without, `executable`
is looked up on PATH. With neither, there is no way to have the engine.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
    providers:
      - name: demo
        platforms: [linux]
        accelerators: [cpu]

Right
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
    providers:
      - name: demo
        executable: demo
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity

CODE = "MB318"
NAME = "provider-without-program"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look at every provider."""
    for provider in engine.providers():
        if "requirements" not in provider.entries and "executable" not in provider.entries:
            yield engine.problem(
                provider.get("name") or provider,
                "the provider has neither requirements nor an executable",
                "add `requirements:` to install, or `executable:` to find on PATH")
