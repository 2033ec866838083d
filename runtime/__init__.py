"""Modelbook's launcher: reads a compiled manifest and downloads, launches and verifies models.

The pure parts (`errors`, `naming`, `manifest`, `files`, `support`, `command`) are shared with
`compiler`; nothing here imports `compiler`, YAML or templates.
"""

__version__ = "0.1.0"
