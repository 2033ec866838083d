"""The chat template is not a Jinja template.

Why
---
The engine is given this text in place of the tokenizer's own template and fails on the first
conversation if it does not parse. Modelbook only parses it, in Jinja's sandbox; it never renders
text that comes from a spec.

Wrong
-----
.. code-block:: yaml

    chat_template: "{% for message in messages %}{{ message.content }}"

Right
-----
.. code-block:: yaml

    chat_template: "{% for message in messages %}{{ message.content }}{% endfor %}"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB264"
NAME = "chat-template-invalid"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Parse the template, with the extensions that engines have."""
    node = family.root.get("chat_template")
    template = family.text("chat_template")
    if node is None or template is None:
        return
    if problem := _problem(template):
        yield family.problem(node, f"the chat template does not parse{problem}",
                             "copy it from the model's tokenizer_config.json")


@lru_cache(maxsize=256)
def _problem(template: str) -> str:
    """What follows "does not parse"; empty where it does. Families of one lab share templates."""
    # Imported here: few families have a template, and Jinja is slow to import.
    from jinja2 import TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # `{% generation %}` marks the assistant's turns; Transformers reads it as a block.
    text = template.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    text = text.replace("{%- generation %}", "").replace("{%- endgeneration %}", "")
    environment = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])
    try:
        environment.parse(text)
    except (TemplateSyntaxError, RecursionError, ValueError) as error:  # the latter: a long number
        line = getattr(error, "lineno", None)
        return (f" in its line {line}" if line else "") + f": {str(error).rstrip('.')}"
    return ""
