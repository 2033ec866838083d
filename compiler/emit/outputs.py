"""Every file that a build makes, from one manifest."""

from __future__ import annotations

from compiler.emit import pages
from compiler.emit.profiles import Profile
from runtime.manifest import Manifest, encode

#: The manifest's path in the output folder.
MANIFEST = "manifest.json"


def render(manifest: Manifest, profile: Profile) -> dict[str, bytes]:
    """Path relative to the output folder → content.

    Raises:
        UserError: See `compiler.emit.pages.render`.
    """
    files = {path: text.encode("utf-8") for path, text in pages.render(manifest, profile).items()}
    files[MANIFEST] = encode(manifest)
    return files
