"""The homepage of a family is a page on a hub.

Why
---
Pages link the repositories on every hub already. `homepage` is for what the lab itself says of the
family, which readers find nowhere else.

Wrong
-----
.. code-block:: yaml

    homepage: https://huggingface.co/example/demo-7B

Right
-----
.. code-block:: yaml

    homepage: https://example.org/demo
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB290"
NAME = "homepage-on-hub"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

_HUBS = {"huggingface.co", "modelscope.cn"}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at the host of the address."""
    node = family.root.get("homepage")
    if node is None:
        return
    host = urlsplit(family.text("homepage") or "").hostname or ""
    if host.removeprefix("www.") in _HUBS:
        yield family.problem(node, f"{host} is a hub, not the lab's own page",
                             "name the lab's page about the family, or leave `homepage` out")
