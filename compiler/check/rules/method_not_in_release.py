"""An engine's format needs a quantization method that its probed release does not have.

Why
---
An engine without a format's quantization method ends while it loads the weights. Where the method
comes with a further distribution, the rule names that in `requires`, and nothing is reported.

Wrong
-----
.. code-block:: yaml

    # file: specs/engines/probed.yaml
    name: Probed
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]

Right
-----
.. code-block:: yaml

    # file: specs/engines/probed.yaml
    name: Probed
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: gptq
      - format: awq
        requires: [demo-awq]
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.releases import METHODS, told_by, which
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB324"
NAME = "method-not-in-release"
SEVERITY = Severity.WARNING
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look every format's method up in the engine's newest facts."""
    releases, known = told_by(engine.catalogue, engine.record.name, "quantization_methods")
    for rule in engine.rules() if releases else ():
        node = rule.get("format")
        method = METHODS.get(text(node) or "")
        brought = rule.get("requires") or rule.get("reason")  # the latter: it is refused anyway
        if node is None or method is None or brought is not None:
            continue
        if not any(method in name for name in known):
            yield engine.problem(node, f"{which(releases)} has no quantization method {method}",
                                 "delete the entry, or name the distribution that brings it in "
                                 "`requires`")
