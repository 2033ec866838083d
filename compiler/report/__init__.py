"""Reporters of findings, by format."""
