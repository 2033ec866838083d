"""A copy of the project in which the real Makefile can be run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("compiler", "runtime", "specs", "templates", "docs", "Makefile", "pyproject.toml")

#: A fixture that runs a command away from our environment.
Run = Callable[..., subprocess.CompletedProcess[str]]


class Project:
    """A checkout in a folder of its own, whose environment is the one that runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.html = folder / "docs" / "_build" / "html"
        self.generated = folder / "docs" / "generated"
        self._originals: dict[Path, bytes | None] = {}

    @classmethod
    def copy(cls, source: Path, folder: Path) -> Project:
        """Copy what `source` holds, without what was built there."""
        def ignore(place: str, names: list[str]) -> set[str]:
            made = {"generated"} if Path(place) == source / "docs" else set()
            return {"__pycache__", "_build"}.union(made).intersection(names)

        for part in PARTS:
            origin = source / part
            if origin.is_dir():
                shutil.copytree(origin, folder / part, ignore=ignore)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, folder / part)
        programs = folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name, words in (("python", ""), ("compiler", "-m compiler.cli")):
            script = programs / name
            script.write_text(f'#!/bin/sh\nPYTHONPATH=. exec "{sys.executable}" {words} "$@"\n')
            script.chmod(0o755)
        # The environment counts as set up: newer than what it depends on.
        for stamp in (".ready", ".with-docs"):
            (folder / ".venv" / stamp).touch()
        return cls(folder)

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["make", target], cwd=self.folder, text=True, check=False,
                              capture_output=True, timeout=900)

    def compiler(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the compiler as a user does in this checkout."""
        return subprocess.run([".venv/bin/compiler", *words], cwd=self.folder, text=True,
                              check=False, capture_output=True, timeout=60)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace what is once in a file."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is not once in {path}"
        self.write(path, text.replace(old, new))

    def write(self, path: str, text: str) -> None:
        """Write a source file; `restore` takes it back."""
        file = self.folder / path
        self._originals.setdefault(file, file.read_bytes() if file.exists() else None)
        file.write_text(text, encoding="utf-8")

    def restore(self) -> None:
        """Take back every edit."""
        for file, content in self._originals.items():
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content)
        self._originals.clear()

    def output(self) -> dict[str, bytes]:
        """Every built file a reader sees: pages, manifest and site."""
        return {str(file.relative_to(self.folder)): file.read_bytes()
                for top in (self.generated, self.html) for file in sorted(top.rglob("*"))
                if file.is_file()}
