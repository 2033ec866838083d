"""Real Sphinx on generated pages, and the text that its HTML shows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

from compiler.cli import main
from runtime.naming import slug

ROOT = Path(__file__).resolve().parents[2]
CONF = "extensions = []\nsmartquotes = False\nhtml_theme = 'basic'\nnitpicky = True\n"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


def build_html(folder: Path, pages: Mapping[str, str | bytes], conf: str = CONF) -> Path:
    """Build `pages` with warnings as errors, in the project's own docutils settings; the HTML."""
    source = folder / "source"
    for path, text in pages.items():
        if path.endswith(".rst"):
            file = source / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (source / "index.rst").write_text("Start\n=====\n\n.. toctree::\n\n   models/llm/index\n")
    (source / "conf.py").write_text(conf)
    (source / "docutils.conf").write_bytes((ROOT / "docs/docutils.conf").read_bytes())
    html = folder / "html"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q", "-E",
         str(source), str(html)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    assert not done.stderr, done.stderr[-4000:]
    return html


def compile_specs(folder: Path, families: Mapping[str, str], *options: str) -> Path:
    """Run `compiler build` on families (file name → YAML) with the shipped engines and formats."""
    specs = folder / "specs"
    shutil.copytree(ROOT / "specs/engines", specs / "engines")
    shutil.copy(ROOT / "specs/formats.yaml", specs)
    (specs / "families").mkdir()
    for name, text in families.items():
        (specs / "families" / f"{name}.yaml").write_text(text, encoding="utf-8")
    out = folder / "out"
    assert main(["build", "--specs", str(specs), "--out", str(out), *options]) == 0
    return out


def family_yaml(name: str, description: str) -> str:
    """A family that every rule accepts, its name and description in double quotes."""
    return f"""\
name: {json.dumps(name, ensure_ascii=False)}
context_length: 8192
languages: [en]
abilities: [chat]
description: {json.dumps(description, ensure_ascii=False)}
architectures: [LlamaForCausalLM]
specs:
  - format: ggufv2
    size_in_billions: 1_8
    quantizations: [Q4_K_M]
    repo_id: example-org/{slug(name).strip("-_.")[:30].strip("-_.") or "x"}-1.8B-GGUF
    file_template: model-{{quantization}}.gguf
    hubs: {{huggingface: {{}}}}
"""


def html_of(folder: Path, out: Path) -> Path:
    """Build what `compile_specs` wrote with real Sphinx; the folder of the model pages."""
    pages = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.rst")}
    return build_html(folder, pages) / "models/llm"


class Element:
    """An element of a page, with the text and elements inside it."""

    def __init__(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    def text(self) -> str:
        """All text inside, as a browser has it."""
        return "".join(child if isinstance(child, str) else child.text()
                       for child in self.children)

    def all(self, tag: str) -> list[Element]:
        """Every element of that tag inside, in document order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] if child.tag == tag else []
                found += child.all(tag)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self.stack):
            while self.stack.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def body(html: Path) -> Element:
    """The main part of an HTML page, without the theme's own parts."""
    reader = _Reader()
    reader.feed(html.read_text(encoding="utf-8"))
    found = [element for element in reader.stack[0].all("div")
             if element.attributes.get("role") == "main"]
    assert len(found) == 1
    return found[0]


def heading(html: Path) -> str:
    """The text of the page's title, without Sphinx's link sign."""
    titles = body(html).all("h1")
    assert len(titles) == 1
    return titles[0].text().removesuffix("¶")


def field(html: Path, name: str) -> str:
    """The text of the first list item that begins with `name`."""
    for item in body(html).all("li"):
        if item.text().startswith(f"{name}:"):
            return item.text().removeprefix(f"{name}:")
    raise AssertionError(f"{html} has no {name}")
