"""Small manifests, built from keyword arguments."""

from __future__ import annotations

from typing import Any

from runtime.manifest import (
    FORMAT,
    FORMAT_VERSION,
    Engine,
    EngineClaim,
    Family,
    Format,
    Hub,
    Loads,
    Manifest,
    Provider,
    Source,
    Spec,
)


def manifest(*families: Family, engines: list[Engine] | None = None,
             formats: list[Format] | None = None) -> Manifest:
    return Manifest(format=FORMAT, format_version=FORMAT_VERSION, digest="", optional_fields=[],
                    families=list(families), engines=engines or [], formats=formats or [])


def family(**fields: Any) -> Family:
    values: dict[str, Any] = {
        "name": "demo", "slug": "demo", "context_length": 131072, "languages": ["en", "zh"],
        "abilities": ["chat"], "description": "A model.", "architectures": ["LlamaForCausalLM"],
        "specs": [spec()], "source": Source(file="families/demo.yaml", line=2)}
    return Family(**values | fields)


def spec(**fields: Any) -> Spec:
    quantizations = fields.get("quantizations", ["Q4_K_M", "Q8_0"])
    values: dict[str, Any] = {
        "format": "ggufv2", "size_in_billions": "1_8", "quantizations": quantizations,
        "hubs": [hub(quantizations=quantizations)],
        "engines": [EngineClaim(engine="llama.cpp", quantizations=quantizations)],
        "source": Source(file="families/demo.yaml", line=9)}
    return Spec(**values | fields)


def hub(**fields: Any) -> Hub:
    values: dict[str, Any] = {
        "hub": "huggingface", "repo_id": "org/demo-GGUF", "quantizations": ["Q4_K_M", "Q8_0"],
        "file_template": "demo-{quantization}.gguf"}
    return Hub(**values | fields)


def engine(**fields: Any) -> Engine:
    values: dict[str, Any] = {
        "name": "vLLM", "title": "vLLM", "description": "Serves.", "homepage": "https://vllm.ai",
        "loads": [Loads(format="pytorch"), Loads(format="awq")],
        "providers": [provider()], "source": Source(file="engines/vllm.yaml", line=2)}
    return Engine(**values | fields)


def provider(**fields: Any) -> Provider:
    values: dict[str, Any] = {"name": "vllm", "platforms": ["linux"], "accelerators": ["cuda"],
                              "requirements": ["vllm==0.26.0"]}
    return Provider(**values | fields)


def model_format(**fields: Any) -> Format:
    values: dict[str, Any] = {"name": "awq", "title": "AWQ", "description": "Weights.",
                              "layout": "folder", "quantizations": ["Int4"]}
    return Format(**values | fields)
