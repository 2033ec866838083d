"""What changed between two catalogues, and how grave it is."""

from compiler.diff.change import Change, Grade, Identity, Kind
from compiler.diff.compare import compare

__all__ = ["Change", "Grade", "Identity", "Kind", "compare"]
