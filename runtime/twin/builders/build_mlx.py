"""Converts a checkpoint for MLX with mlx-lm; run by the tools' interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import twin_common

Item = dict[str, Any]
#: Rows of this many weights share a scale; it divides every width of a twin.
_GROUP = 64


def build(item: Item, job: Item) -> Item:
    """One conversion, as a repository on a hub would hold it."""
    from mlx_lm import convert

    folder = Path(item["folder"])
    quantized: dict[str, Any] = {}
    if item["bits"]:
        quantized = {"quantize": True, "q_bits": item["bits"], "q_mode": item["mode"],
                     "q_group_size": item["group"] or _GROUP}
    convert(job["checkpoint"], mlx_path=str(folder), dtype=item["dtype"], **quantized)
    for path in folder.glob("README*"):
        path.unlink()
    return {"files": [], "notes": [], "tools": twin_common.versions("mlx-lm", "mlx")}


if __name__ == "__main__":
    twin_common.quiet()
    raise SystemExit(twin_common.run(build, lambda job: job))
