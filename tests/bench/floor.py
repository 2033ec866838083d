"""The least that compiling a catalogue can cost: parse its bytes, render its pages, write them.

    python -m tests.bench.floor SPECS OUT PROFILE

SPECS is what OUT was built from with PROFILE. libyaml runs through the events of every family
without anything being made of them; the pages are rendered with the profile's templates from the
records in the manifest, and written with the manifest's bytes into a new folder. Nothing is
checked, planned or compared. Prints the seconds of processor time of each part as JSON; reading the
records from the manifest, which a build does not do, is left out of them.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from pathlib import Path

import yaml
from yaml.cyaml import CParser

from compiler.emit import profiles
from compiler.emit.pages import Writer
from compiler.verification import Verification
from runtime.index import open_indexed
from runtime.manifest import load


def parse(specs: Path) -> int:
    """Run through the events of every family; how many bytes they have."""
    total = 0
    for path in sorted((specs / "families").iterdir()):
        content = path.read_bytes()
        total += len(content)
        next_event = CParser(content).get_event
        while not isinstance(next_event(), yaml.StreamEndEvent):
            pass
    return total


def main() -> None:
    """Print the seconds of each part."""
    specs, out, profile = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    gc.disable()
    started = time.process_time()
    size = parse(specs)
    parts = {"parse": time.process_time() - started, "render": 0.0}
    path = out / "manifest.json"
    manifest = open_indexed(path) or load(path)
    started = time.process_time()
    writer = Writer(manifest if isinstance(manifest.families, list) else _bare(manifest),
                    profiles.find(profile), Verification())
    parts["render"] += time.process_time() - started
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        writing = 0.0
        for number, family in enumerate(manifest.families):
            started = time.process_time()
            page = writer.family(family).encode()
            rendered = time.process_time()
            (Path(folder) / f"{number}.rst").write_bytes(page)
            writing += time.process_time() - rendered
            parts["render"] += rendered - started
        content = path.read_bytes()
        started = time.process_time()
        (Path(folder) / "manifest.json").write_bytes(content)
        parts["write"] = writing + time.process_time() - started
    print(json.dumps({**parts, "bytes": size}))


def _bare(manifest: object) -> object:
    """The manifest without its families, which are read one by one."""
    import msgspec

    return msgspec.structs.replace(manifest, families=[])


if __name__ == "__main__":
    main()
