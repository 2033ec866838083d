"""An engine's format needs a quantization method that its probed release does not have.

Why
---
An engine without a format's quantization method ends while it loads the weights. Where the method
comes with a further distribution, the rule names that in `requires`; where one provider lacks it,
`refuses` says so. Neither is reported.

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
from compiler.check.releases import METHODS, has_method, told_by, which
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB324"
NAME = "method-not-in-release"
SEVERITY = Severity.WARNING
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look every format's method up in the engine's newest facts."""
    releases, _ = told_by(engine.catalogue, engine.record.name, "quantization_methods")
    refused = {(refusal.format, provider) for refusal in engine.record.refuses
               if not (refusal.quantizations or refusal.without_cpu_flags)
               for provider in refusal.providers}
    for rule in engine.rules():
        node = rule.get("format")
        name = text(node) or ""
        method = METHODS.get(name)
        brought = rule.get("requires") or rule.get("reason")  # the latter: it is refused anyway
        if node is None or method is None or brought is not None:
            continue
        asked = [each for each in releases if (name, each.provider) not in refused]
        if asked and not any(has_method(each, name) for each in asked):
            yield engine.problem(node, f"{which(asked)} has no quantization method {method}",
                                 "delete the entry, or name the distribution that brings it in "
                                 "`requires`")
