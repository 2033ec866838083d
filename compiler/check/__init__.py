"""Rules over specs, one a module."""
