"""`.. schema-reference:: family`: the keys of a spec, read from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from docutils import nodes
from prose import code, prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

Schema = dict[str, Any]


class SchemaReference(SphinxDirective):
    """Writes one section for each object of a schema, and one entry for each of its keys."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the schema and parse its description as a part of the page."""
        file = files("compiler") / "schema" / f"{self.arguments[0]}.schema.json"
        self.env.note_dependency(str(file))
        schema: Schema = json.loads(file.read_text(encoding="utf-8"))
        lines = list(_object(schema, ""))
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def _object(schema: Schema, path: str) -> Iterator[str]:
    if path:
        title = code(path)
        yield from (title, "~" * len(title), "")
    yield from (prose(schema["description"]), "")
    required = set(schema.get("required", ()))
    inner: list[tuple[str, Schema]] = []
    for names, value in _keys(schema):
        below = f"{path}.{names[0] if len(names) == 1 else '<name>'}".lstrip(".")
        found = _inner(value, below)
        kind = _kind(value) + (", required" if required.intersection(names) else "")
        yield f"{', '.join(map(code, names))} : {kind}"
        yield f"   {' '.join(_facts(value))}"
        if found:
            yield f"   See {code(found[0])}."
            inner.append(found)
        yield ""
    for below, value in inner:
        yield from _object(value, below)


def _keys(schema: Schema) -> Iterator[tuple[list[str], Schema]]:
    """Keys with their schemas; neighbours that take the same keys come together."""
    groups: list[tuple[list[str], Schema]] = []
    for name, value in schema.get("properties", {}).items():
        shape = value.get("properties")
        if groups and shape and groups[-1][1].get("properties") == shape:
            groups[-1][0].append(name)
        else:
            groups.append(([name], value))
    free = schema.get("additionalProperties")
    if isinstance(free, dict):
        groups.append((["<name>"], free))
    yield from groups


def _inner(value: Schema, path: str) -> tuple[str, Schema] | None:
    """The object that a value holds, directly or as the items of a list, and how to call it."""
    if value.get("type") == "array":
        return _inner(value["items"], f"{path}[]")
    if value.get("properties"):
        return path, value
    free = value.get("additionalProperties")
    return _inner(free, f"{path}.<name>") if isinstance(free, dict) else None


def _kind(value: Schema) -> str:
    kinds = value.get("type", "any")
    if kinds == "array":
        return f"list of {_plural(_kind(value['items']))}"
    if kinds == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"map of names to {_plural(_kind(value['additionalProperties']))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false",
             "object": "map", "number": "number"}
    names = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(words.get(name, name) for name in names)


def _plural(kind: str) -> str:
    head, space, rest = kind.partition(" of ")
    head = head if head in ("text", "true or false") else f"{head}s"
    return f"{head}{space}{rest}"


def _facts(value: Schema) -> Iterator[str]:
    yield prose(value.get("description", ""))
    choices = value.get("enum") or value.get("items", {}).get("enum")
    if choices:
        yield f"One of {', '.join(code(str(choice)) for choice in choices)}."
    if "default" in value:
        yield f"Left out: {code(json.dumps(value['default']).strip(chr(34)))}."
    if value.get("examples"):
        yield f"Examples: {', '.join(code(str(example)) for example in value['examples'])}."


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("schema-reference", SchemaReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
