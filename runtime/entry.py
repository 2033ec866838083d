"""What the console script `runtime` calls: Ctrl-C ends it quietly from the first moment on.

Importing a program takes some hundredths of a second; Ctrl-C within them would print a traceback.
So nothing but this is imported first. What comes before it, Python's own start and what the script
that pip writes imports, is out of reach: there Python prints what it likes.
"""

from __future__ import annotations

import os
import signal


def main() -> int:
    """Entry point of the console script; returns the exit code."""
    return start("runtime.cli")


def start(module: str) -> int:
    """Import a program and run it.

    Args:
        module: What holds its `main`.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored: nohup
        signal.signal(signal.SIGINT, _leave)
    from importlib import import_module  # takes as long as all of the above

    code: int = import_module(module).main()
    return code


def take_over() -> None:
    """Let Ctrl-C be an exception again, for whoever catches it from here on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)  # nothing has been opened yet, so there is nothing to close
