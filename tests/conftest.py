"""Fixtures that tests anywhere may use live in `tests.support`; pytest is told about them here."""

import atexit
import os
import shutil
import signal
import tempfile

pytest_plugins = ["tests.support.hubs"]

# A run started in the background of a script inherits an ignored SIGINT, and so would every
# program that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test reads or fills the cache of whoever runs the tests.
os.environ["MODELBOOK_CACHE"] = tempfile.mkdtemp(prefix="modelbook-test-cache-")
atexit.register(shutil.rmtree, os.environ["MODELBOOK_CACHE"], ignore_errors=True)
