"""Builds tiny models of given architectures with Transformers; run by the tools' interpreter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import twin_common
import twin_shape
import twin_teach
import twin_tokenizer

Item = dict[str, Any]


def prepare(job: Item) -> Item:
    """Set the libraries up; the job itself is all that is needed later."""
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    return job


def build(item: Item, job: Item) -> Item:
    """One checkpoint, as a repository on a hub would hold it."""
    import torch
    import transformers

    folder = Path(item["folder"])
    folder.mkdir(parents=True)
    model_class = _model_class(transformers, item["architecture"])
    config_class = model_class.config_class
    marks = {name: f"<|{name.removesuffix('_id').removesuffix('_index')}|>"
             for name in twin_shape.token_fields(config_class)}
    tokenizer, vocab_size = twin_tokenizer.build(
        folder, special={mark[2:-2]: mark for mark in marks.values()}, visible=job["visible"],
        context_length=job["context_length"], chat_template=job["chat_template"])
    tokens = {name: tokenizer.convert_tokens_to_ids(mark) for name, mark in marks.items()}
    tokens |= {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
               "pad_token_id": tokenizer.pad_token_id}
    config = twin_shape.tiny(config_class, vocab_size=vocab_size,
                             context_length=job["context_length"], tokens=tokens)
    torch.manual_seed(job["seed"])
    model = model_class(config).float()
    facts = _teach(model, tokenizer, job)
    model = model.to(torch.bfloat16)
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id)
    model.save_pretrained(folder)
    _tidy(folder, config)
    notes = _processor(transformers, folder, config.model_type, tokenizer)
    return {**facts, "notes": notes, "parameters": sum(p.numel() for p in model.parameters()),
            "tools": twin_common.versions("transformers", "torch", "tokenizers")}


def _model_class(transformers: Any, architecture: str) -> Any:
    found = getattr(transformers, architecture, None)
    if found is None or getattr(found, "config_class", None) is None:
        raise LookupError(f"Transformers {transformers.__version__} has no model class "
                          f"{architecture}")
    return found


def _teach(model: Any, tokenizer: Any, job: Item) -> Item:
    """Teach it its sentence; a model that cannot be trained here stays random."""
    import torch

    start = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        lessons = twin_teach.sequences(tokenizer, job["lessons"])
        model.train()
        steps = twin_teach.teach(model, lessons, job["seed"])
        model.eval()
        rounded = {name: value.to(torch.bfloat16).to(value.dtype)
                   for name, value in model.state_dict().items()}
        model.load_state_dict(rounded)
        return {"taught": twin_teach.knows(model, lessons), "steps": steps}
    except Exception as error:
        model.load_state_dict(start)
        model.eval()
        return {"taught": False, "steps": 0, "untaught": twin_common.reason(error)}


def _tidy(folder: Path, config: Any) -> None:
    """What older readers expect: the class name of all releases, and a rope base at the top."""
    path = folder / "tokenizer_config.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["tokenizer_class"] = "PreTrainedTokenizerFast"
    _write(path, told)
    path = folder / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for part in (values, values.get("text_config")):
        # mlx-lm reads the base there only, and takes 10000 where it is missing.
        if isinstance(part, dict) and isinstance(part.get("rope_parameters"), dict):
            theta = part["rope_parameters"].get("rope_theta")
            if theta is not None:
                part.setdefault("rope_theta", theta)
    _write(path, values)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
                    encoding="utf-8")


def _processor(transformers: Any, folder: Path, model_type: str, tokenizer: Any) -> list[str]:
    """Write the settings for pictures and sounds of a model that has such; what was not possible.

    Engines refuse to load a multimodal model without them.
    """
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    name = PROCESSOR_MAPPING_NAMES.get(model_type)
    if name is None:
        return []
    try:
        processor_class = getattr(transformers, name)
        parts = {"tokenizer": tokenizer}
        for kind, module in (("image_processor", "image_processing_auto"),
                             ("video_processor", "video_processing_auto"),
                             ("feature_extractor", "feature_extraction_auto")):
            if kind in processor_class.get_attributes():
                parts[kind] = _default(transformers, module, model_type)
        processor_class(**parts).save_pretrained(folder)
        _tidy(folder, None)
    except Exception as error:
        return [f"no {name}: {twin_common.reason(error)}"]
    return []


def _default(transformers: Any, module: str, model_type: str) -> Any:
    import importlib

    auto = importlib.import_module(f"transformers.models.auto.{module}")
    names = next(value for key, value in vars(auto).items() if key.endswith("_MAPPING_NAMES"))
    found = names[model_type]
    for name in found if isinstance(found, tuple | list) else (
            found.values() if isinstance(found, dict) else [found]):
        if name and hasattr(transformers, name):
            return getattr(transformers, name)()
    raise LookupError(f"no default for {model_type} in {module}")


if __name__ == "__main__":
    twin_common.quiet()
    raise SystemExit(twin_common.run(build, prepare))
