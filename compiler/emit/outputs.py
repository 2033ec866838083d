"""Every file that a build makes, from one manifest."""

from __future__ import annotations

from compiler.emit import pages
from compiler.emit.profiles import Profile
from runtime import index
from runtime.manifest import Manifest, assemble, family_bytes

#: The manifest's path in the output folder, and that of the index of a large one.
MANIFEST, INDEX = "manifest.json", "manifest.index"


def render(manifest: Manifest, profile: Profile) -> dict[str, bytes]:
    """Path relative to the output folder → content.

    Raises:
        UserError: See `compiler.emit.pages.render`.
    """
    files = {path: text.encode("utf-8") for path, text in pages.render(manifest, profile).items()}
    pieces = assemble(manifest, [family_bytes(family) for family in manifest.families])
    files[MANIFEST] = b"".join(pieces)
    if len(files[MANIFEST]) > index.WORTH and manifest.families:
        files[INDEX] = index.encode(pieces, [index.listed(family) for family in manifest.families])
    return files
