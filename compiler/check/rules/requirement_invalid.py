"""A requirement of an engine is not one that an installer reads.

Why
---
Requirements are lines such as `vllm==0.26.0` or `demo[server]>=1.2`; an installer that cannot
read one fails on the reader's machine. Addresses and options are refused, since they would
install from elsewhere than the configured package index.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
        requires: ["demo-plugin=1.2"]
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
        requires: ["demo-plugin==1.2"]
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import scalars, text

CODE = "MB316"
NAME = "requirement-invalid"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Parse every requirement."""
    # Imported here: it is slow to import, and checking a family needs it not at all.
    from packaging.requirements import InvalidRequirement, Requirement

    for node in _requirements(engine):
        try:
            requirement = Requirement(text(node) or "")
        except InvalidRequirement:
            yield engine.problem(node, f"{text(node)!r} is no requirement",
                                 "write it as for pip, such as demo==1.2")
            continue
        if requirement.url:
            yield engine.problem(node, f"{text(node)!r} installs from an address",
                                 "name a release on the package index")


def _requirements(engine: EngineView) -> Iterator[Scalar]:
    for rule in engine.rules():
        yield from scalars(rule.get("requires"))
    for provider in engine.providers():
        yield from scalars(provider.get("requirements"))
