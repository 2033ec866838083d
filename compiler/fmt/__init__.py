"""Formatting of specs: one layout, every comment kept, the data proved unchanged."""

from compiler.fmt.document import Outcome, format_bytes, format_file

__all__ = ["Outcome", "format_bytes", "format_file"]
