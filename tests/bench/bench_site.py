"""What `make docs` takes for a catalogue, beside a plain Sphinx build of the same pages.

    python -m tests.bench.bench_site [--size 160 | --quick] [--json FILE]

Three things are measured of each: everything built anew, nothing changed, one family changed.
`site` is `make docs` in a copy of this project (compile, then build its docs with every family's
page enriched); `plain` is Sphinx alone on the same generated pages, with the same theme and without
the extension, and it too starts where nothing changed, as Sphinx does. Times are from start to end;
the ratio is that of processor time, which other load on the machine disturbs less. Nothing is
asserted about time; that a build without changes writes no page, and one with a changed family just
what stands on it, is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import synthetic  # noqa: E402
from tests.support.project import Project  # noqa: E402

PLAIN = """import sys
sys.path.insert(0, {extensions!r})
extensions = ["light_navigation"]
smartquotes = False
html_theme = "furo"
html_copy_source = False
"""
START = "Start\n=====\n\n.. toctree::\n\n   generated/models/llm/index\n   generated/verification\n"
CASES = ("anew", "unchanged", "one changed")
#: Families and runs of `--quick`.
_FEW, _ONCE = 8, 1
#: More pages than one family stands on.
_LISTS = 12
#: Times of files may lie so many nanoseconds back: they are those of the kernel's clock.
_TICK = 20_000_000


@dataclass(frozen=True)
class Run:
    """Seconds from start to end, of processor time, and pages that were written."""

    seconds: float
    cpu: float
    written: int


class Bench:
    """Both projects, in a folder of their own."""

    def __init__(self, folder: Path, size: int) -> None:
        self.project = Project.copy(ROOT, folder / "a site")
        self.plain = folder / "plain"
        self.specs = self.project.folder / "specs"
        for name in ("families", "locks", "records"):
            shutil.rmtree(self.specs / name, ignore_errors=True)
        synthetic.write(size, self.specs)
        # Guides launch families of the real catalogue.
        for name in ("seed-oss", "smollm2", "qwen3"):
            shutil.copy(ROOT / f"specs/families/{name}.yaml", self.specs / "families")
        self.plain.mkdir()
        (self.plain / "conf.py").write_text(
            PLAIN.format(extensions=str(ROOT / "docs/_ext")), encoding="utf-8")
        (self.plain / "index.rst").write_text(START, encoding="utf-8")
        self.environment = os.environ | {"MODELBOOK_CACHE": str(folder / "cache")}

    def site(self) -> Run:
        """What a person runs."""
        return self._run(self.project.html, "make", "docs", folder=self.project.folder)

    def bare(self) -> Run:
        """Sphinx alone, on the pages that are there."""
        ours = self.project.generated
        for file in [*ours.glob("models/**/*.rst"), ours / "verification.rst"]:
            copy = self.plain / "generated" / file.relative_to(ours)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_bytes() != file.read_bytes():
                shutil.copy(file, copy)
        html = self.plain / "_build"
        return self._run(html, sys.executable, "-m", "sphinx", "-q", "-b", "html", "-j", "auto",
                         str(self.plain), str(html), folder=ROOT)

    def change(self) -> None:
        """Say something else of one family."""
        path = self.specs / "families" / f"{synthetic.name(3)}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("languages: [en, zh, fr, de]", "languages: [en, zh, de]"),
                        encoding="utf-8")
        assert path.read_text(encoding="utf-8") != text

    def _run(self, html: Path, *command: str, folder: Path) -> Run:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.time_ns()
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=self.environment, capture_output=True,
                              text=True, check=False)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        cpu = sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))
        return Run(seconds, cpu, sum(page.stat().st_mtime_ns > began - _TICK
                                     for page in html.rglob("*.html")))


def measure(bench: Bench, repeat: int) -> dict[str, dict[str, Run]]:
    """Case → project → the run with the least processor time."""
    def least(run: Callable[[], Run], times: int) -> Run:
        return min((run() for _ in range(times)), key=lambda each: each.cpu)

    found = {"anew": {"site": bench.site(), "plain": bench.bare()}}
    bench.site()  # the first has written files of its own, such as the pages of rules
    found["unchanged"] = {"site": least(bench.site, repeat), "plain": least(bench.bare, repeat)}
    bench.change()
    found["one changed"] = {"site": bench.site(), "plain": bench.bare()}
    assert found["unchanged"]["site"].written == 0, found["unchanged"]
    # The family's page, the index and what else shows all families, and the site's lists, such as
    # that of all words; never another family's.
    assert 0 < found["one changed"]["site"].written < _LISTS, found["one changed"]["site"]
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=160, help="families (default: 160)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"{_FEW} families, each run once")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    size, repeat = (_FEW, _ONCE) if args.quick else (args.size, args.repeat)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Bench(Path(folder), size), repeat)
    print(f"{size} families     site            plain           ratio  pages written")
    for case in CASES:
        site, plain = found[case]["site"], found[case]["plain"]
        print(f"{case:12} {site.seconds:6.2f} s ({site.cpu:5.2f}) {plain.seconds:6.2f} s "
              f"({plain.cpu:5.2f}) {site.cpu / plain.cpu:6.2f}  {site.written} / {plain.written}")
    if args.json:
        args.json.write_text(json.dumps({case: {name: [run.seconds, run.cpu, run.written]
                                                for name, run in runs.items()}
                                         for case, runs in found.items()}, indent=2) + "\n",
                             encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
