"""One rule a module; `compiler.check.registry` finds them here."""
