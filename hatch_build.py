"""Puts into the wheel what away from a checkout would be missing: the compiled manifest and data.

The manifest is compiled from the specs of this tree while the wheel is built, so that
`pip install modelbook` can launch at once, and a spec with an error cannot be released.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Files that the compiler reads at run time: where they lie here → where in the wheel. The family
#: specs stay out: users bring their own, and ours travel compiled.
DATA = {
    "templates": "compiler/_data/templates",
    "specs/engines": "compiler/_data/specs/engines",
    "specs/formats.yaml": "compiler/_data/specs/formats.yaml",
}


class ManifestHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the manifest into each wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and add the results to the wheel; an editable install reads the checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        self._work = tempfile.TemporaryDirectory(prefix="modelbook-wheel-")
        out = Path(self._work.name)
        # A process of its own: the compiler needs the tree on its path, the back end does not.
        compiled = subprocess.run(
            [sys.executable, "-m", "compiler.cli", "build", "--no-cache",
             "--specs", "specs", "--out", str(out)],
            cwd=root, check=False, capture_output=True, text=True)
        if compiled.returncode:
            raise RuntimeError(f"the specs do not compile:\n{compiled.stdout}{compiled.stderr}")
        include = build_data["force_include"]
        include[str(out / "manifest.json")] = "runtime/data/manifest.json"
        for here, there in DATA.items():
            include[str(root / here)] = there

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the compiled copy once the wheel holds it."""
        work = getattr(self, "_work", None)
        if work is not None:
            work.cleanup()
