"""Fragments of specs made into whole catalogues, so that examples show only what they are about."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs

from compiler.check.registry import run_rules
from compiler.check.view import CatalogueView
from compiler.finding import Finding, Severity
from compiler.read.nodes import Mapping, plain
from compiler.read.parse import parse
from runtime import facts, lockfile
from runtime.lockfile import Lock

ROOT = Path(__file__).resolve().parents[3]
SPECS = ROOT / "specs"
#: Engines whose facts do not change when the project's own do.
ENGINES = Path(__file__).parent / "engines"
SCHEMAS = ROOT / "compiler" / "schema"
_FILE = re.compile(r"^# file: (.+)\n", re.MULTILINE)

FAMILY = {
    "name": "demo", "context_length": 32768, "languages": ["en"], "abilities": ["chat"],
    "description": "{name} is a model for examples.",
    "architectures": ["LlamaForCausalLM"],
    "specs": [{"format": "pytorch", "size_in_billions": 7, "quantizations": ["none"],
               "repo_id": "example/{name}-7B", "revision": "0123456789abcdef" * 2 + "01234567",
               "hubs": {"huggingface": {}}}],
}


def catalogue(example: str) -> CatalogueView:
    """The catalogue that an example stands for: the project's formats, four small engines with the
    facts of a release or two, and its files.

    `# file: PATH` lines separate several files; without one, an example with `loads` is an engine
    and any other a family. What a family leaves out is filled in.
    """
    files = _files(example)
    view = CatalogueView(facts=[facts.decode(path.read_bytes()) for path in
                                sorted((ENGINES / "facts").glob("*.json"))])
    if "specs/formats.yaml" not in files:
        add(view, "specs/formats.yaml", (SPECS / "formats.yaml").read_text())
    for engine in sorted(ENGINES.glob("*.yaml")):
        add(view, f"specs/engines/{engine.name}", engine.read_text())
    locks = {file: text for file, text in files.items() if file.endswith(lockfile.SUFFIX)}
    for file, text in files.items():
        if file not in locks:
            beside = f"specs/locks/{Path(file).stem}{lockfile.SUFFIX}"
            add(view, file, text, _lock(locks[beside]) if beside in locks else None)
    return view


def findings(example: str) -> list[Finding]:
    """What the rules say of an example."""
    return run_rules(catalogue(example))


def grave(found: list[Finding]) -> set[str]:
    """The codes of errors and warnings."""
    return {finding.code for finding in found if finding.severity > Severity.INFO}


def _lock(text: str) -> Lock:
    """A lock with what it leaves out filled in."""
    given = json.loads(text)
    revision = FAMILY["specs"][0]["revision"]
    sources = [{"revision": revision, "commit": revision,
                "provenance": {"time": "2026-11-25T00:00:00Z"}} | source
               for source in given["sources"]]
    whole = {"format": lockfile.FORMAT, "format_version": lockfile.FORMAT_VERSION,
             "family": "demo"} | given | {"sources": sources}
    return lockfile.decode(json.dumps(whole).encode())


def add(view: CatalogueView, file: str, text: str, lock: Lock | None = None) -> None:
    """Add a document that the reader and its schema accept."""
    root, problems = parse(text.encode(), file)
    assert isinstance(root, Mapping), (file, problems)
    assert not problems, (file, problems)
    kind = ("formats" if file.endswith("formats.yaml") else
            "engine" if "/engines/" in file else "family")
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    jsonschema_rs.Draft7Validator(schema).validate(plain(root))
    view.add(kind, file, root, lock)


def _files(example: str) -> dict[str, str]:
    pieces = _FILE.split(example)
    named = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if not named:
        kind = "engines" if re.search(r"^loads:", example, re.MULTILINE) else "families"
        named = {f"specs/{kind}/demo.yaml": example}
    return {file: _filled(text) if "/families/" in file else text for file, text in named.items()}


def _filled(text: str) -> str:
    """A family with what it leaves out filled in, as JSON, which is YAML."""
    root, problems = parse(text.encode(), "example")
    assert root is not None, problems
    given = plain(root)
    assert isinstance(given, dict)
    if FAMILY.keys() - {"architectures"} <= given.keys():
        return text  # whole already: positions stay those of the text
    name = given.get("name", "demo")
    plain_name = re.sub(r"[^A-Za-z0-9_.-]+", "-", str(name)).strip("-.") or "demo"
    whole = json.loads(json.dumps(FAMILY).replace("{name}", plain_name)) | {"name": name} | given
    return json.dumps(whole, indent=1, ensure_ascii=False)
