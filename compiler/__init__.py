"""Modelbook's compiler: YAML specs in, findings, pages and the runtime manifest out."""
