"""A draft from a model.yaml: each repository whose format is known, and everything kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.review import review

MODEL = """\
# model.yaml is an open standard for defining cross-platform, composable AI models
model: lab/demo-8b
base:
  - key: community/demo-8b-gguf
    sources:
      - type: huggingface
        user: community
        repo: Demo-8B-GGUF
  - key: community/demo-8b-mlx-4bit
    sources:
      - type: huggingface
        user: community
        repo: Demo-8B-MLX-4bit
  - key: lab/demo-8b
    sources:
      - type: huggingface
        user: lab
        repo: Demo-8B
metadataOverrides:
  domain: llm
  architectures:
    - demo3
  compatibilityTypes:
    - gguf
    - safetensors
  paramsStrings:
    - 8B
  minMemoryUsageBytes: 4600000000
  contextLengths:
    - 40960
  vision: false
  reasoning: true
  trainedForToolUse: mixed
config:
  operation:
    fields:
      - key: llm.prediction.temperature
        value: 0.7
      - key: llm.prediction.minPSampling
        value:
          checked: true
          value: 0
customFields:
  - key: enableThinking
    displayName: Enable thinking
    description: Whether it thinks before it replies
    type: boolean
    defaultValue: true
    effects:
      - type: setJinjaVariable
        variable: enable_thinking
"""


def imported(tmp_path: Path, text: str = MODEL) -> tuple[str, Any]:
    source = tmp_path / "model.yaml"
    source.write_text(text, encoding="utf-8")
    assert main(["import", "model-yaml", str(source), "--out", str(tmp_path / "specs")]) == 0
    written = (tmp_path / "specs/families/demo-8b.yaml").read_text(encoding="utf-8")
    return written, read(written)


def read(text: str) -> Any:
    tree, findings = parse(text.encode(), "x.yaml")
    assert tree is not None, findings
    return plain(tree)


def test_what_it_says_becomes_our_fields_and_all_of_it_is_kept(tmp_path: Path) -> None:
    text, data = imported(tmp_path)
    assert data["context_length"] == 40960
    assert data["abilities"] == ["chat", "reasoning"]  # `mixed` is no promise
    shown = [(spec["format"], spec["size_in_billions"], spec["quantizations"], spec["repo_id"])
             for spec in data["specs"]]
    assert shown == [("ggufv2", 8, ["TODO"], "community/Demo-8B-GGUF"),
                     ("mlx", 8, ["4bit"], "community/Demo-8B-MLX-4bit")]
    assert data["extensions"] == {"model.yaml": read(MODEL)}
    assert "# lab/Demo-8B: its format is not said, so it has no spec." in text


def test_what_it_leaves_open_is_a_todo(tmp_path: Path) -> None:
    imported(tmp_path)
    result = review(tmp_path / "specs", info=False)
    assert {finding.code for finding in result.findings if result.fails(finding)} == {"MB270"}


def test_one_compatibility_type_tells_the_format(tmp_path: Path) -> None:
    _, data = imported(tmp_path, MODEL.replace("    - safetensors\n", ""))
    assert [spec["format"] for spec in data["specs"]] == ["ggufv2"] * 3


@pytest.mark.parametrize(("old", "new", "said"), [
    ("domain: llm", "domain: embedding", "embedding"),
    (MODEL[MODEL.index("base:"):MODEL.index("metadataOverrides")], "base: lab/other\n",
     "another model.yaml, lab/other"),
    ("type: huggingface", "type: elsewhere", "no hub"),
    ("model: lab", "models: lab", "model"),
    ("    sources:", "    source:", "sources"),
])
def test_what_cannot_be_a_family_is_refused_in_words(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "model.yaml"
    source.write_text(MODEL.replace(old, new), encoding="utf-8")
    assert main(["import", "model-yaml", str(source), "--out", str(tmp_path / "specs")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()
