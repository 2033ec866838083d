"""How long the catalogue's table takes to answer a keystroke in Chromium, beside its floor.

    python tests/bench/bench_catalogue.py [--quick]

A page with `.. model-catalogue::` is built for synthetic catalogues and typed into. A keystroke is
timed from the event to the finished layout. The floor is what the browser needs for the same rows
alone: hide those that do not match and lay out the rest, with no filter at all. The ratio tells
what our script costs; the milliseconds, which depend on the machine, what a reader feels.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import synthetic

CONF = """\
project = "bench"
extensions = ["compiler.sphinx"]
html_theme = "furo"
modelbook_manifest = "built/manifest.json"
exclude_patterns = ["built", "specs"]
"""
PAGE = "=====\nBench\n=====\n\n.. model-catalogue::\n"
TIMES = """async ([words, memory]) => {
  const form = document.querySelector('.mb-filters')
  const rows = [...document.querySelectorAll('.mb-catalogue-table tbody tr')]
  const layout = () => document.body.offsetHeight
  const timed = (work) => { layout(); const start = performance.now(); work(); layout()
                            return performance.now() - start }
  const took = { key: [], floor: [], memory: [], sort: [] }
  const say = (field, value) => { field.value = value
                                  field.dispatchEvent(new Event('input', { bubbles: true })) }
  for (const word of words) {
    say(form.elements.q, '')
    took.key.push(timed(() => say(form.elements.q, word)))
    const hidden = rows.map((row) => row.hidden)
    say(form.elements.q, '')
    took.floor.push(timed(() => rows.forEach((row, at) => { row.hidden = hidden[at] })))
    rows.forEach((row) => { row.hidden = false })
  }
  say(form.elements.q, '')
  for (const amount of memory) took.memory.push(timed(() => say(form.elements.memory, amount)))
  say(form.elements.memory, '')
  for (const order of ['-size', 'context', 'memory', 'name'])
    took.sort.push(timed(() => say(form.elements.sort, order)))
  return took
}"""


def measure(count: int, folder: Path) -> dict[str, float]:
    """Milliseconds, medians, for a table of `count` families."""
    from playwright.sync_api import sync_playwright

    project = folder / str(count)
    synthetic.write(count, project / "specs")
    for name in ("engines", "formats.yaml"):
        source = Path(__file__).resolve().parents[2] / "specs" / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, project / "specs" / name)
    (project / "conf.py").write_text(CONF)
    (project / "index.rst").write_text(PAGE)
    _run(["-m", "compiler.cli", "build", "--specs", "specs", "--out", "built"], project)
    _run(["-m", "sphinx", "-q", "-W", "-b", "html", ".", "html"], project)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto((project / "html" / "index.html").as_uri(), wait_until="load")
        started = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        took = page.evaluate(TIMES, [["a", "au", "aur", "basalt", "follows instructions", "zzz"],
                                     ["8", "16", "24", "4"]])
        browser.close()
    return {"load": started, **{name: statistics.median(all_) for name, all_ in took.items()},
            "kilobytes": (project / "html" / "index.html").stat().st_size / 1000}


def _run(words: list[str], folder: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, *words], cwd=folder, text=True, check=False,
                          capture_output=True, env={**os.environ, "PYTHONPATH": str(root)})
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 families only")
    counts = (200,) if parser.parse_args().quick else (200, 2000)
    print("families  page kB  load ms  keystroke ms  floor ms  ratio  memory ms  sort ms")
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            made = measure(count, Path(folder))
            print(f"{count:8d} {made['kilobytes']:8.0f} {made['load']:8.0f} {made['key']:13.1f} "
                  f"{made['floor']:9.1f} {made['key'] / max(made['floor'], 0.1):6.1f} "
                  f"{made['memory']:10.1f} {made['sort']:8.1f}")


if __name__ == "__main__":
    main()
