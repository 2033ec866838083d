"""A small Sphinx project that uses the extension, around what a build wrote."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.emit import profiles
from compiler.emit.outputs import render
from runtime.manifest import Manifest
from runtime.records import Record
from tests.support.pages import ROOT

CONF = """extensions = ["compiler.sphinx"]
smartquotes = False
nitpicky = True
html_theme = "basic"
modelbook_manifest = "out/manifest.json"
modelbook_engine_pages = "out/engines"
"""
START = """Start
=====

.. toctree::

   out/models/llm/index
   out/engines/index
"""
_DATA = re.compile(r'<script type="application/json" class="mb-builder-data">(.*?)</script>', re.S)
_READ = re.compile(r"updating environment:.*?(\d+) added, (\d+) changed, (\d+) removed")


class SphinxProject:
    """Its folder, and what it was built into."""

    def __init__(self, folder: Path, manifest: Manifest, records: Sequence[Record] = (),
                 profile: str = "modelbook", conf: str = "",
                 pages: Mapping[str, str] | None = None) -> None:
        self.folder, self.source = folder, folder / "source"
        self.source.mkdir(parents=True)
        (self.source / "conf.py").write_text(CONF + conf, encoding="utf-8")
        (self.source / "docutils.conf").write_bytes((ROOT / "docs/docutils.conf").read_bytes())
        names = "".join(f"   {name}\n" for name in pages or {})
        (self.source / "index.rst").write_text(START + names, encoding="utf-8")
        for name, text in (pages or {}).items():
            (self.source / f"{name}.rst").write_text(text, encoding="utf-8")
        self.compile(manifest, records, profile)

    def compile(self, manifest: Manifest, records: Sequence[Record] = (),
                profile: str = "modelbook") -> None:
        """Write pages, manifest and records, those alone that changed."""
        for path, data in render(manifest, profiles.find(profile), records).items():
            file = self.source / "out" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)

    def build(self, builder: str = "html", *options: str, ok: bool = True) -> str:
        """Build with warnings as errors; what Sphinx said."""
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-b", builder, "-W", "--keep-going", "-N", *options,
             str(self.source), str(self.folder / builder)], cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=300)
        said = done.stdout + done.stderr
        assert (done.returncode == 0) is ok, said[-6000:]
        return said

    def read_again(self, *options: str) -> tuple[int, ...]:
        """Build, and say how many pages were added, changed and removed."""
        found = _READ.search(self.build("html", *options))
        assert found
        return tuple(map(int, found.groups()))

    def page(self, name: str, builder: str = "html") -> str:
        """A page as it was written."""
        suffix = {"text": "txt"}.get(builder, builder)
        return (self.folder / builder / f"{name}.{suffix}").read_text(encoding="utf-8")

    def model(self, slug: str, builder: str = "html") -> str:
        """The page of a family."""
        return self.page(f"out/models/llm/{slug}", builder)


def builder_data(page: str) -> dict[str, Any]:
    """What the command builder of a page is told."""
    found = _DATA.search(page)
    assert found, "the page has no command builder"
    data: dict[str, Any] = json.loads(found[1])
    return data
