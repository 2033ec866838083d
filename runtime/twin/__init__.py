"""Twins: tiny models of a family's own architecture in its formats, quantizations and file names.

A twin's weights are random, save that it is taught one sentence, so that its answer tells whether
an engine loads and computes rightly. It proves a command line, a loader, a file layout and a
quantization on a small machine, without the family's real weights.

The builders run in environments of their own (`runtime.twin.tools`), each a script in `builders/`.
"""
