"""What the console script `compiler` calls; see `runtime.entry`."""

from __future__ import annotations

from runtime.entry import start


def main() -> int:
    """Entry point of the console script; returns the exit code."""
    return start("compiler.cli")
