"""A range of engine versions holds no version.

Why
---
`since` is the first version to which a rule applies and `until` the first to which it no longer
does, so `since` comes before `until`. Both are versions as Python packages have them.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
        since: "0.9"
        until: "0.8"
    providers:
      - name: demo
        requirements: [demo]
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
        since: "0.8"
        until: "0.10"
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import entries, text

if TYPE_CHECKING:
    from packaging.version import Version

CODE = "MB315"
NAME = "version-range-empty"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Compare the ends of every range, and parse every version."""
    nodes = [node for _, node in entries(engine.root.get("architectures"))]
    for rule in engine.rules():
        since, until = rule.get("since"), rule.get("until")
        nodes += [node for node in (since, until) if node is not None]
        first, last = _version(since), _version(until)
        if first and last and until and first >= last:
            yield engine.problem(until, f"the range from {first} until {last} is empty",
                                 "exchange the two, or correct one of them")
    for node in nodes:
        if _version(node) is None:
            yield engine.problem(node, f"{text(node)!r} is no version",
                                 "write it as the engine's package does, such as 0.10.2")


def _version(node: Node | None) -> Version | None:
    from packaging.version import InvalidVersion, Version  # slow to import, and engines are few

    try:
        return Version(text(node) or "")
    except InvalidVersion:
        return None
