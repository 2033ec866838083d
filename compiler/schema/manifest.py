"""The manifest's JSON Schema, generated from its records."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import msgspec

from runtime.manifest import Manifest

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def text() -> str:
    """What `manifest.schema.json` must hold; `python -m compiler.schema.manifest` prints it."""
    (reference,), definitions = msgspec.json.schema_components(
        (Manifest,), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        _describe(definition)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://modelbook.invalid/schema/manifest.schema.json",
        "title": "Modelbook manifest", **reference, "$defs": definitions,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def _describe(definition: dict[str, Any]) -> None:
    """Give the properties the descriptions of the record's docstring, which has one for each."""
    docstring = inspect.cleandoc(definition["description"])
    summary, _, attributes = docstring.partition("\n\nAttributes:")
    definition["description"] = " ".join(summary.split())
    for name, text in _ATTRIBUTE.findall(attributes):
        if name in definition["properties"]:
            definition["properties"][name]["description"] = " ".join(text.split())


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - a development command, not part of the product
