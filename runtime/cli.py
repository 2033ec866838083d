"""The `runtime` program: its verbs, one module each in `runtime.commands`."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.program import Program
from runtime.program import main as run_program

PROGRAM = Program(
    name="runtime",
    description="Downloads, launches and verifies the models of a compiled manifest.",
    package="runtime.commands",
    verbs={
        "list": "list families and their combinations",
        "show": "show a family: its specs, quantizations, hubs and engines",
        "fit": "list the best combinations that fit into an amount of memory",
        "explain": "say which combination fits a wish, and why each other one does not",
        "pull": "download and verify the files of a combination",
        "cache": "list what was downloaded, and remove what is not needed",
        "launch": "launch a combination and wait until it answers",
        "ps": "list the launched models that are running",
        "logs": "show the engine's log of a launched model",
        "stop": "stop a launched model",
        "verify": "try combinations and record how far each one got",
        "twin": "build a family's tiny twin, to try engines with",
        "engines": "list, install, remove and probe engines",
        "doctor": "say which engines work on this machine, and why the others do not",
    },
)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code."""
    return run_program(PROGRAM, argv)


if __name__ == "__main__":
    raise SystemExit(main())
