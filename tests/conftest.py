"""Fixtures that tests anywhere may use live in `tests.support`; pytest is told about them here."""

import signal

pytest_plugins = ["tests.support.hubs"]

# A run started in the background of a script inherits an ignored SIGINT, and so would every
# program that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
