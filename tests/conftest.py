"""Fixtures that tests anywhere may use live in `tests.support`; pytest is told about them here."""

pytest_plugins = ["tests.support.hubs"]
