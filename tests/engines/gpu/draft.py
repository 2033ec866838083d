"""Serve seed-oss's twin with a draft model on vLLM, and see how many of its guesses were taken.

    PYTHONPATH=DIR/modelbook:DIR/site python draft.py DIR [DRAFT] [-- OPTIONS OF launch]

DIR is what unpack.sh made; DRAFT is a checkpoint with the same tokenizer (default: the twin's own,
so that every guess is right). `runtime launch` starts it from a manifest whose spec names it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from msgspec.structs import replace

from runtime.manifest import Draft, encode, load
from runtime.probe import QUESTION

REPOSITORY = "ByteDance-Seed/Seed-OSS-36B-Instruct"


def manifest(built: Path, out: Path) -> Path:
    """The manifest, with a draft model for the plain weights of seed-oss."""
    whole = load(built)
    seed = next(each for each in whole.families if each.name == "seed-oss")
    specs = [replace(spec, hubs=[replace(hub, draft=Draft(repo_id="o/draft")) for hub in spec.hubs])
             for spec in seed.specs if spec.format == "pytorch"]
    out.write_bytes(encode(replace(whole, families=[replace(seed, specs=specs)])))
    return out


def hub(root: Path, model: Path, draft: Path) -> Path:
    """A folder laid out as a hub's, with both."""
    for name, source in ((REPOSITORY, model), ("o/draft", draft)):
        (root / name).mkdir(parents=True)
        for path in source.iterdir():
            (root / name / path.name).symlink_to(path)
    return root


def guesses(base: str) -> dict[str, float]:
    """What vLLM counted."""
    with urllib.request.urlopen(f"{base.removesuffix('/v1')}/metrics", timeout=60) as reply:
        lines = reply.read().decode().splitlines()
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines
            if line.startswith("vllm:spec_decode_") and "per_pos" not in line
            and "_created" not in line}


def main(words: list[str]) -> int:
    """Launch, ask, count, stop; 0 where the answer is right and a guess was taken."""
    options = words[words.index("--") + 1:] if "--" in words else []
    named = words[:words.index("--")] if "--" in words else words
    folder = Path(named[0]).absolute()
    model = folder / "twins" / REPOSITORY
    draft = Path(named[1]).absolute() if len(named) > 1 else model
    with tempfile.TemporaryDirectory() as scratch:
        root = hub(Path(scratch) / "hub", model, draft)
        known = manifest(folder / "built" / "manifest.json", Path(scratch) / "manifest.json")
        command = ["launch", "-e", "vLLM", "-n", "seed-oss", "-f", "pytorch", "-q", "none",
                   "--hub", "local", "--hub-root", str(root), "--format", "json",
                   "--manifest", str(known), "--engine-python",
                   str(folder / "engines" / "vllm" / "bin" / "python"), *options]
        process = subprocess.Popen([sys.executable, "-m", "runtime.cli", *command],
                                   stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            if not told.startswith("{") or "base_url" not in told:
                sys.stdout.write(told + process.stdout.read())
                return 1
            ready = json.loads(told)
            asked = urllib.request.Request(
                f"{ready['base_url']}/chat/completions",
                headers={"Content-Type": "application/json"},
                data=json.dumps({"model": ready["served_model_name"], "temperature": 0,
                                 "messages": [{"role": "user", "content": QUESTION}],
                                 "max_tokens": 64}).encode())
            with urllib.request.urlopen(asked, timeout=300) as reply:
                answer = json.load(reply)["choices"][0]["message"]["content"]
            counted = guesses(ready["base_url"])
            json.dump({"engine_version": ready["engine_version"], "answer": answer,
                       "seconds_to_ready": ready["seconds"], **counted}, sys.stdout, indent=1)
            taken = counted.get("vllm:spec_decode_num_accepted_tokens_total", 0)
            return 0 if "Paris" in answer and taken > 0 else 1
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    os.environ.setdefault("VLLM_USE_FLASHINFER_SAMPLER", "0")
    raise SystemExit(main(sys.argv[1:]))
