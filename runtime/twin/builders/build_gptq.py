"""Quantizes a checkpoint to GPTQ or AWQ with GPTQModel; run by the tools' interpreter."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import twin_common

Item = dict[str, Any]
#: Rows of this many weights share a scale; it divides every width of a twin.
_GROUP = 64
#: Calibration needs some length; the lessons are repeated to this many samples.
_SAMPLES = 16
_KEPT = ("*.safetensors", "*.json", "*.jinja", "*.txt")


def prepare(job: Item) -> Item:
    """One thread, so that sums come out the same everywhere."""
    import torch

    torch.set_num_threads(1)
    return job


def build(item: Item, job: Item) -> Item:
    """One quantized checkpoint, as a repository on a hub would hold it."""
    import torch
    from gptqmodel import BACKEND, GPTQModel, QuantizeConfig
    from gptqmodel.quantization.config import FORMAT, METHOD

    torch.manual_seed(job["seed"])
    settings: dict[str, Any] = {"bits": item["bits"], "group_size": _GROUP}
    more: dict[str, Any] = {}
    if item["method"] == "awq":
        # With zero points, as AWQ has them; without, vLLM falls back to a kernel for float16 alone.
        settings |= {"method": METHOD.AWQ, "format": FORMAT.GEMM, "sym": False}
        more = {"backend": BACKEND.AWQ_TORCH}  # the others need CUDA
    texts = [" ".join([text] * 4) for text in job["texts"]]
    samples = [texts[index % len(texts)] for index in range(_SAMPLES)]
    model = GPTQModel.load(job["checkpoint"], QuantizeConfig(**settings), device="cpu")
    model.quantize(samples, batch_size=1, **more)
    folder = Path(item["folder"])
    raw = folder.with_name(folder.name + ".raw")
    model.save(str(raw))
    _collect(raw, Path(job["checkpoint"]), folder)
    return {"files": [], "notes": [],
            "tools": twin_common.versions("gptqmodel", "torch", "transformers")}


def _collect(raw: Path, checkpoint: Path, folder: Path) -> None:
    """Weights and settings as quantized, tokenizer as it was; logs and timings are left out."""
    folder.mkdir(parents=True)
    for pattern in _KEPT:
        for path in sorted(raw.glob(pattern)):
            shutil.copyfile(path, folder / path.name)
    for path in sorted(checkpoint.iterdir()):
        if path.name.startswith(("tokenizer", "chat_template", "special_tokens", "processor",
                                 "preprocessor", "video_preprocessor", "generation_config")):
            shutil.copyfile(path, folder / path.name)
    for path in folder.glob("*.json"):
        _steady(path)
    shutil.rmtree(raw)


def _steady(path: Path) -> None:
    """Sort a JSON file, and take out what differs from run to run."""
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        return
    for part in (values, values.get("quantization_config")):
        meta = part.get("meta") if isinstance(part, dict) else None
        if isinstance(meta, dict):
            for name in ("uri", "offload_to_disk_path"):
                meta.pop(name, None)
    path.write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
                    encoding="utf-8")


if __name__ == "__main__":
    twin_common.quiet()
    os.environ.update({"GPTQMODEL_CPU_WORKERS": "2", "CUDA_VISIBLE_DEVICES": ""})
    raise SystemExit(twin_common.run(build, prepare))
