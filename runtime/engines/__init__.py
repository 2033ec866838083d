"""Inference engines: one module each, satisfying one protocol."""
