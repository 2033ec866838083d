"""A git repository with a small catalogue."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

DEMO = """\
name: demo
context_length: 131072
languages: [en]
abilities: [chat]
description: A model.
architectures: [LlamaForCausalLM]

specs:
  - format: pytorch
    size_in_billions: 1_8
    quantizations: [none]
    repo_id: org/demo
    hubs:
      huggingface: {}

  - format: ggufv2
    size_in_billions: 1_8
    quantizations: [Q4_K_M, Q8_0, BF16]
    repo_id: org/demo-GGUF
    file_template: demo-{quantization}.gguf
    split_file_template: demo-{quantization}-{part}.gguf
    split_parts:
      BF16: [00001-of-00002, 00002-of-00002]
    hubs:
      huggingface: {}
      modelscope: {}
"""


class Repo:
    """A working tree with `specs/`, committed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.specs = folder / "specs"
        (self.specs / "families").mkdir(parents=True)
        shutil.copytree("specs/engines", self.specs / "engines")
        shutil.copy("specs/formats.yaml", self.specs)
        self.write(DEMO)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")

    def write(self, text: str, name: str = "demo") -> None:
        (self.specs / "families" / f"{name}.yaml").write_text(text, "utf-8")

    def edit(self, old: str, new: str, name: str = "demo") -> None:
        path = self.specs / "families" / f"{name}.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", message)

    def git(self, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("GIT_")}
        environment |= {"HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", self.folder,
             *arguments], check=True, capture_output=True, env=environment)
