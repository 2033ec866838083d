"""The JSON Schemas of the manifest and of locks, generated from their records."""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Any

import msgspec

from runtime.lockfile import Lock
from runtime.manifest import Manifest

#: Kind → title and the record that its documents are.
_KINDS = {"manifest": ("Modelbook manifest", Manifest), "lock": ("Modelbook lock", Lock)}

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def text(kind: str = "manifest") -> str:
    """What `<kind>.schema.json` must hold; `python -m compiler.schema.manifest KIND` prints it."""
    title, record = _KINDS[kind]
    (reference,), definitions = msgspec.json.schema_components(
        (record,), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        _describe(definition)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://modelbook.invalid/schema/{kind}.schema.json",
        "title": title, **reference, "$defs": definitions,
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
    print(text(*sys.argv[1:]), end="")  # noqa: T201 - a development command, not part of the product
