"""JSON Schema errors as findings: the exact place, in the words of whoever wrote the YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import msgspec

from compiler.finding import Finding, Severity
from compiler.read.nodes import Mapping, Node, Scalar, Sequence, locate, plain
from compiler.schema import codes, files, words

_Kind = jsonschema_rs.ValidationErrorKind
_Path = list[str | int]


def validate(tree: Node, kind: str, file: str, formats: tuple[str, ...] = ()) -> list[Finding]:
    """Everything in which a document departs from its schema, in order of position.

    Args:
        tree: The document.
        kind: `family`, `engine`, `formats` or `catalogue`.
        file: What findings call the file.
        formats: Names of the catalogue's weight formats, where they differ from the shipped ones.
    """
    validator, schema = _validator(kind, formats)
    check = _Check(tree, schema, file)
    for error in validator.iter_errors(plain(tree)):
        check.add(error)
    check.decimal_points()
    return sorted(check.finish(), key=Finding.sort_key)


@cache
def _validator(kind: str, formats: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    schema = files.with_formats(files.load(kind), formats)
    return jsonschema_rs.Draft7Validator(schema), schema


class _Check(msgspec.Struct):
    """Gathers one document's errors, since an unknown key and a missing one can be one mistake."""

    tree: Node
    schema: dict[str, Any]
    file: str
    findings: list[Finding] = []
    unknown: dict[tuple[str | int, ...], list[str]] = {}
    missing: dict[tuple[str | int, ...], list[str]] = {}
    reported: set[tuple[str | int, ...]] = set()

    def add(self, error: jsonschema_rs.ValidationError) -> None:
        path: _Path = list(error.instance_path)
        kind = error.kind
        self.reported.add(tuple(path))
        match kind:
            case _Kind.AdditionalProperties():
                self.unknown.setdefault(tuple(path), []).extend(kind.unexpected)
            case _Kind.Required():
                self.missing.setdefault(tuple(path), []).append(kind.property)
            case _Kind.PropertyNames():
                self.bad_name(path, kind)
            case _Kind.UniqueItems():
                self.twice(path)
            case _Kind.Type():
                self.at_value(path, codes.WRONG_TYPE, *words.wrong_type(
                    self.node(path), self.described(path), path))
            case _Kind.Enum():
                self.at_value(path, codes.NOT_ALLOWED, *words.not_allowed(
                    self.node(path), self.described(path), path))
            case _Kind.Pattern():
                self.at_value(path, codes.WRONG_SHAPE, *words.wrong_shape(
                    self.node(path), self.described(path), path))
            case _:
                bounds = words.out_of_bounds(self.node(path), kind, path)
                code = codes.OUT_OF_BOUNDS if bounds else codes.OTHER
                self.at_value(path, code, *(bounds or (words.sentence(error.message), "")))

    def finish(self) -> list[Finding]:
        """All findings, once missing and unknown keys are matched with each other."""
        for path, names in self.unknown.items():
            self.unknown_keys(list(path), names, self.missing.get(path, []))
        for path, names in self.missing.items():
            if names:
                self.missing_keys(list(path), names)
        return self.one_each()

    def one_each(self) -> list[Finding]:
        """The gravest finding of each value: a number is not also called a bad name."""
        rank = {codes.WRONG_TYPE: 0, codes.OUT_OF_BOUNDS: 1}
        kept: dict[tuple[object, ...], Finding] = {}
        for finding in sorted(self.findings, key=lambda finding: rank.get(finding.code, 2)):
            several = finding.code in (codes.MISSING_KEY, codes.UNKNOWN_KEY, codes.TWICE)
            kept.setdefault((finding.path, finding.message if several else ""), finding)
        return list(kept.values())

    def decimal_points(self) -> None:
        """Report `8.0` where JSON Schema takes it for a whole number; no field takes a fraction."""
        if not _has_fraction(self.tree):
            return  # nearly always
        for path, node in _scalars(self.tree, []):
            value = node.value
            if "extensions" in path:
                continue  # another launcher's values are kept as they are
            if isinstance(value, float) and value.is_integer() and tuple(path) not in self.reported:
                self.at_value(path, codes.WRONG_TYPE, *words.wrong_type(
                    node, self.described(path), path))

    def node(self, path: _Path) -> Node:
        node = self.tree
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str):
                node = node.entries[step][1]
            elif isinstance(node, Sequence) and isinstance(step, int):
                node = node.items[step]
        return node

    def described(self, path: _Path) -> dict[str, Any]:
        return files.property_at(self.schema, path)

    def at_value(self, path: _Path, code: str, message: str, hint: str) -> None:
        span, key = locate(self.tree, path)
        if key is not None and (span.line, span.column) == (span.end_line, span.end_column):
            span = key  # nothing was written there: point at the key
        self.report(span, code, message, hint, path)

    def report(self, span: Any, code: str, message: str, hint: str, path: _Path,
               related: Any = ()) -> None:
        self.findings.append(Finding(self.file, span, Severity.ERROR, code, message, hint,
                                     words.path_text(path), tuple(related)))

    def unknown_keys(self, path: _Path, names: list[str], missing: list[str]) -> None:
        mapping = self.node(path)
        if not isinstance(mapping, Mapping):
            return
        allowed = list(self.described(path).get("properties", {}))
        free = [name for name in allowed if name not in mapping.entries]
        for name in names:
            meant = words.meant_key(name, missing, free)
            if meant in missing:
                missing.remove(meant)
            if meant in free:
                free.remove(meant)
            message, hint = words.unknown_key(name, meant, allowed, path)
            self.report(mapping.key(name).span, codes.UNKNOWN_KEY, message, hint, [*path, name])

    def missing_keys(self, path: _Path, names: list[str]) -> None:
        mapping = self.node(path)
        span, key = locate(self.tree, path)
        if isinstance(mapping, Mapping) and mapping.entries:
            span = next(mapping.items())[0].span
        elif key is not None:
            span = key
        known = self.described(path).get("properties", {})
        descriptions = {name: shape.get("description", "") for name, shape in known.items()
                        if name in names}
        message, hint = words.missing_keys(descriptions, path)
        self.report(span, codes.MISSING_KEY, message, hint, path)

    def bad_name(self, path: _Path, kind: Any) -> None:
        mapping = self.node(path)
        rule = self.described(path).get("propertyNames", {})
        if not isinstance(mapping, Mapping):
            return
        for name, (key, _) in mapping.entries.items():
            # JSON Schema's `$` is the very end, Python's is before a last line end too.
            if "pattern" in rule and not re.search(rule["pattern"].replace("$", r"\Z"), name):
                message, hint = words.wrong_shape(key, rule, [*path, name])
                self.report(key.span, codes.WRONG_SHAPE, message, hint, [*path, name])

    def twice(self, path: _Path) -> None:
        """One finding for each repeated item, at the repetition."""
        sequence = self.node(path)
        if not isinstance(sequence, Sequence):
            return
        first: dict[str, Node] = {}
        for index, item in enumerate(sequence.items):
            key = words.identity(item)
            if key in first:
                message, hint, related = words.twice(item, first[key], self.file)
                self.report(item.span, codes.TWICE, message, hint, [*path, index], [related])
            else:
                first[key] = item


def _has_fraction(node: Node) -> bool:
    if isinstance(node, Scalar):
        return type(node.value) is float
    if isinstance(node, Sequence):
        return any(map(_has_fraction, node.items))
    return any(_has_fraction(value) for _, value in node.entries.values())


def _scalars(node: Node, path: _Path) -> Iterator[tuple[_Path, Scalar]]:
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _scalars(item, [*path, index])
    else:
        for name, (_, value) in node.entries.items():
            yield from _scalars(value, [*path, name])
