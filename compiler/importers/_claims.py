"""The engines that Xinference's published pages list for a spec.

They are not in its catalogue: its documentation generator works them out from the family's
abilities and architectures and the spec's format and quantizations. The facts by which it does so
are data (`data/xinference-engines.json`, as of August 2026); an imported spec states the result as
its claim.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

from packaging.version import Version


class Claims:
    """Works out claims for one family."""

    def __init__(self, abilities: Collection[str], architectures: Collection[str]) -> None:
        # What a rule asks of the family is asked once, not for each of its specs.
        self.rules = [
            (engine, rule) for engine, rules in _table() for rule in rules
            if _family_fits(rule, abilities, architectures)]

    def engines(self, model_format: str, quantizations: Sequence[str]) -> list[str]:
        """The engines that accept at least one of the quantizations, in the order of pages."""
        found = {engine for engine, rule in self.rules
                 if _format_fits(rule, model_format)
                 and any(_quantization_fits(rule, model_format, name) for name in quantizations)}
        return sorted(found, reverse=True)


@functools.cache
def _table() -> list[tuple[str, list[dict[str, Any]]]]:
    text = files(__package__).joinpath("data/xinference-engines.json").read_text("utf-8")
    table = json.loads(text)
    newest = {name: Version(version) for name, version in table["newest_version"].items()}
    for engine, rules in table["engines"].items():
        for rule in rules:
            if since := rule.pop("architectures_since", None):
                rule["architectures"] = [name for name, version in since.items()
                                         if Version(version) <= newest[engine]]
    return list(table["engines"].items())


def _family_fits(rule: Mapping[str, Any], abilities: Collection[str],
                 architectures: Collection[str]) -> bool:
    return (
        ("abilities" not in rule or bool(set(rule["abilities"]).intersection(abilities)))
        and ("architectures" not in rule
             or bool(set(rule["architectures"]).intersection(architectures)))
        and not set(rule.get("architectures_except", ())).intersection(architectures)
    )


def _format_fits(rule: Mapping[str, Any], model_format: str) -> bool:
    return (("formats" not in rule or model_format in rule["formats"])
            and model_format not in rule.get("formats_except", ()))


def _quantization_fits(rule: Mapping[str, Any], model_format: str, name: str) -> bool:
    patterns = rule.get("quantizations", {}).get(model_format)
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)
