"""Fixtures that tests anywhere may use live in `tests.support`; pytest is told about them here."""

import atexit
import os
import shutil
import signal
import tempfile

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.hubs"]

# A run in a script's background inherits an ignored SIGINT, one under nohup an ignored SIGHUP, and
# so would every program that the tests start and signal. What has a handler here is reset there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

# No test reads or fills the cache of whoever runs the tests.
os.environ["MODELBOOK_CACHE"] = tempfile.mkdtemp(prefix="modelbook-test-cache-")
atexit.register(shutil.rmtree, os.environ["MODELBOOK_CACHE"], ignore_errors=True)

# How long an example takes says more of the machine's load than of the code.
settings.register_profile("modelbook", deadline=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("modelbook")
