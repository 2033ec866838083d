"""The manifest as a file: its canonical bytes, and the record that it holds."""

from __future__ import annotations

from runtime.manifest import Manifest, encode

#: Its path in the output folder.
PATH = "manifest.json"


def render(manifest: Manifest) -> bytes:
    """The manifest's canonical bytes, with its digest."""
    return encode(manifest)
