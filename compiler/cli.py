"""The `compiler` program: its verbs, one module each in `compiler.commands`."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.program import Program
from runtime.program import main as run_program

PROGRAM = Program(
    name="compiler",
    description="Checks model family specs and compiles them into pages and a manifest.",
    package="compiler.commands",
    verbs={
        "check": "check specs and show what is wrong, where, and how to put it right",
        "build": "compile specs into reStructuredText pages and the runtime manifest",
        "lock": "ask the hubs what they have, and keep the answers beside the specs",
        "diff": "tell what changed between two catalogues, and how grave it is",
        "fmt": "format family specs, keeping comments",
        "new": "write the skeleton of a family spec",
        "import": "turn another program's catalogue into family specs",
        "export": "write the catalogue in another program's form",
        "translate": "bring the translations of what specs say up to date",
        "explain": "explain a rule by its code",
        "schema": "print a JSON Schema",
    },
)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code."""
    return run_program(PROGRAM, argv)


if __name__ == "__main__":
    raise SystemExit(main())
