"""The comparison of two manifests."""

from __future__ import annotations

from datetime import date

from compiler.diff.change import Change
from compiler.diff.engines import compare_engines, compare_formats
from compiler.diff.families import compare_families
from runtime.manifest import Manifest


def compare(old: Manifest, new: Manifest, *, today: date) -> list[Change]:
    """What changed from `old` to `new`, gravest first.

    Things are matched by identity (family name; format, size and variant of a spec; quantization,
    hub and engine names), never by position: reordered specs, keys and comments are no change, nor
    is a size spelled differently (`1_8`, `1_80`), nor a template that gives the same files.

    Args:
        old: The catalogue as it was.
        new: The catalogue as it is to be.
        today: Decides whether what was deprecated may be removed yet.
    """
    changes = [
        *compare_families(old.families, new.families, today),
        *compare_engines(old.engines, new.engines),
        *compare_formats(old.formats, new.formats),
    ]
    return sorted(changes, key=Change.sort_key)
