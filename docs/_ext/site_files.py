"""What the site has beside its pages: rule pages before the build, schemas and manifest after it.

Also `.. example:: first-model.sh`, which shows a file of docs/examples. The files there are run by
`make demo` and by the tests, so what a guide shows is what works. (Sphinx's own include directives
are off on this site: generated pages hold text from specs.)
"""

from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import compiler


class Example(SphinxDirective):
    """Shows one file of docs/examples."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the file into a literal block."""
        name = self.arguments[0]
        file = Path(self.env.srcdir) / "examples" / Path(name).name
        self.env.note_dependency(str(file))
        try:
            text = file.read_text(encoding="utf-8").rstrip()
        except OSError as error:
            raise self.error(f"cannot read the example {name!r}: {error.strerror}") from None
        language = {".sh": "bash", ".py": "python", ".yaml": "yaml", ".yml": "yaml",
                    ".txt": "text"}[file.suffix]
        return [nodes.literal_block(text, text, language=language)]


def write_rules(app: Sphinx, config: Config) -> None:
    """Write the page of each rule from its docstring, beside the compiled pages.

    Every rule has to be imported for that, so it is done where the compiler or a page is newer.
    """
    out = Path(app.srcdir) / "generated"
    stamp = Path(app.doctreedir) / "rules-written"
    code = Path(compiler.__file__).parent
    try:
        written = stamp.stat().st_mtime_ns
        current = all(path.stat().st_mtime_ns < written
                      for path in (out / "rules", *code.rglob("*.py"), Path(__file__)))
    except FileNotFoundError:
        current = False
    if not current:
        from compiler.check.docs import write_rule_pages

        write_rule_pages(out)
        stamp.touch()


def publish(app: Sphinx, error: Exception | None) -> None:
    """Put the JSON Schemas and the manifest under stable addresses of the finished site."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    schemas = out / "schema"
    schemas.mkdir(exist_ok=True)
    for file in sorted((Path(compiler.__file__).parent / "schema").glob("*.json")):
        shutil.copyfile(file, schemas / file.name)
    manifest = Path(app.srcdir) / "generated" / "manifest.json"
    if manifest.exists():
        shutil.copyfile(manifest, out / "manifest.json")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive and the two steps."""
    app.add_directive("example", Example)
    app.connect("config-inited", write_rules)
    app.connect("build-finished", publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
