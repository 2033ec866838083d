"""Every file that a build makes, from one manifest."""

from __future__ import annotations

from collections.abc import Sequence

from compiler import verification
from compiler.emit.profiles import Profile
from runtime import index
from runtime.manifest import Manifest, assemble, family_bytes
from runtime.records import Record

#: The manifest's path in the output folder, and that of the index of a large one.
MANIFEST, INDEX = "manifest.json", "manifest.index"
#: The path of what the verification records say.
VERIFICATION = "verification.json"


def render(manifest: Manifest, profile: Profile, records: Sequence[Record] = (),
           ) -> dict[str, bytes]:
    """Path relative to the output folder → content.

    Args:
        manifest: What to render.
        profile: How pages look.
        records: Verification records of its combinations.

    Raises:
        UserError: See `compiler.emit.pages.render`.
    """
    from compiler.emit import pages  # Jinja takes its time to import

    known = verification.merge(manifest, records)
    rendered = pages.render(manifest, profile, known)
    files = {path: text.encode("utf-8") for path, text in rendered.items()}
    pieces = assemble(manifest, [family_bytes(family) for family in manifest.families])
    files[MANIFEST] = b"".join(pieces)
    if len(files[MANIFEST]) > index.WORTH and manifest.families:
        files[INDEX] = index.encode(pieces, [index.listed(family) for family in manifest.families])
    if profile.verification:
        files[VERIFICATION] = verification.encode(known)
    return files
