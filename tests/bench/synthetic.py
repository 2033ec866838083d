"""Synthetic catalogues of any size, the same bytes each time; shaped like the field's own families.

A family has about six specs and five kilobytes, as those of the imported Xinference catalogue have:
plain and quantized folders, a GGUF repository with two dozen quantizations of which the largest are
split, two hubs that differ here and there, and for some a chat template. They pass every check, so
that a build does all of its work.

    python -m tests.bench.synthetic COUNT FOLDER
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

SIZES = ("0_5", "1_8", "4", "7", "14", "32", "72")
LABS = ("aurora", "basalt", "cobalt", "delta", "ember", "fjord", "granum", "helix")
ARCHITECTURES = ("Qwen2ForCausalLM", "LlamaForCausalLM", "Qwen3ForCausalLM", "MistralForCausalLM")
GGUF = ("Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "IQ4_NL", "IQ4_XS", "Q4_0", "Q4_1", "Q4_K_S",
        "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "UD-IQ1_M", "UD-IQ1_S", "UD-IQ2_M", "UD-IQ2_XXS",
        "UD-Q2_K_XL", "UD-Q3_K_XL", "UD-Q4_K_XL")
SPLIT = ("Q8_0", "BF16")
TEMPLATE = """\
{%- if messages[0].role == 'system' %}
  {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
  {%- if message.role in ['user', 'assistant'] %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
  {%- elif message.role == 'tool' %}
    {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
    {{- '<|im_end|>\\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
{%- endif %}"""


def name(number: int) -> str:
    """The name of the family of that number."""
    return f"{LABS[number % len(LABS)]}-{number:05d}"


def family(number: int) -> str:
    """The YAML of the family of that number."""
    title, lab = name(number), LABS[number % len(LABS)]
    size = SIZES[number % len(SIZES)]
    head = f"""\
# yaml-language-server: $schema=https://example.org/family.schema.json
name: {title}
context_length: {(4096, 32768, 131072)[number % 3]}
languages: [en, zh, fr, de]
abilities: [chat, tools]
tool_parser: {{vLLM: hermes}}
description: >-
  {title} is a synthetic family of the benchmark, number {number} of its catalogue. It stands for
  the models that labs publish in several sizes and formats: it follows instructions, answers in
  some languages, calls tools, and was trained on nothing at all. Its text is as long as such texts
  usually are, so that what reads, checks and prints it has as much to do as in earnest.
architectures: [{ARCHITECTURES[number % len(ARCHITECTURES)]}]
model_type: {ARCHITECTURES[number % len(ARCHITECTURES)].removesuffix("ForCausalLM").lower()}
licence: apache-2.0
homepage: https://example.org/{lab}/{number}
stop: ["<|im_end|>", "<|endoftext|>"]
stop_token_ids: [151643, 151645]
"""
    if number % 3 == 0:
        lines = "\n".join(f"  {line}" for line in TEMPLATE.split("\n"))
        head += f"chat_template: |-\n{lines}\n"
    big = SIZES[(number + 1) % len(SIZES)]
    model = f"{lab.title()}-{number:05d}"
    specs = [_folder("pytorch", size, "[none]", f"{lab}-lab/{model}-{_billions(size)}", number),
             _folder("pytorch", big, "[none]", f"{lab}-lab/{model}-{_billions(big)}", number),
             _folder("gptq", size, "[Int4, Int8]",
                     f"{lab}-lab/{model}-{_billions(size)}-GPTQ-{{quantization}}", number),
             _folder("mlx", size, "[4bit, 6bit, 8bit, bf16]",
                     f"mlx-community/{model}-{_billions(size)}-{{quantization}}", number),
             _gguf(size, f"{lab}-lab/{model}-{_billions(size)}", number),
             _gguf(big, f"{lab}-lab/{model}-{_billions(big)}", number)]
    return head + "\nspecs:\n" + "\n".join(specs)


def _billions(size: str) -> str:
    return f"{size.replace('_', '.')}B"


def _revision(text: str, number: int) -> str:
    """Forty hexadecimal digits, as a commit has."""
    return hashlib.sha1(f"{text} {number}".encode(), usedforsecurity=False).hexdigest()


def _folder(model_format: str, size: str, quantizations: str, repo_id: str, number: int) -> str:
    return f"""\
  - format: {model_format}
    size_in_billions: {size}
    quantizations: {quantizations}
    repo_id: {_quoted(repo_id)}
    hubs:
      huggingface:
        revision: {_quoted(_revision(repo_id, number))}
      modelscope:
        repo_id: {_quoted(repo_id.replace("-lab/", "-research/"))}
"""


def _gguf(size: str, repo_id: str, number: int) -> str:
    model = repo_id.partition("/")[2]
    quantizations = "".join(f"      - {name}\n" for name in (*GGUF, *SPLIT))
    parts = "".join(f"      {name}:\n" + "".join(
        f"        - {part:05d}-of-00003\n" for part in (1, 2, 3)) for name in SPLIT)
    only = "".join(f"          - {name}\n" for name in GGUF[:12])
    return f"""\
  - format: ggufv2
    size_in_billions: {size}
    quantizations:
{quantizations}    repo_id: {repo_id}-GGUF
    file_template: "{model}-{{quantization}}.gguf"
    split_file_template: "{{quantization}}/{model}-{{quantization}}-{{part}}.gguf"
    split_parts:
{parts}    hubs:
      huggingface:
        revision: {_quoted(_revision(model, number))}
      modelscope:
        quantizations:
{only}"""


def _quoted(text: str) -> str:
    return f'"{text}"' if "{" in text or text.isalnum() else text


def write(count: int, folder: Path) -> Path:
    """A catalogue of `count` families as a specs folder; returns the folder."""
    families = folder / "families"
    families.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (families / f"{name(number)}.yaml").write_text(family(number), encoding="utf-8")
    return folder


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
