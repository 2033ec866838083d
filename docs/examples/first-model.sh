#!/usr/bin/env bash
# Launch SmolLM2 on a free port, ask it one question, stop it.
set -euo pipefail

runtime engines install llama.cpp --provider xllamacpp

server=$(runtime launch --model-engine llama.cpp --model-name smollm2 --size-in-billions 0_135 \
  --model-format ggufv2 --quantization Q4_1 --port 0 --detach --format json)
trap 'runtime stop smollm2' EXIT

base_url=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["base_url"])' "$server")
question="What is the capital of France?"

echo "Q: $question"
echo "A: $(python3 "$(dirname "$0")/ask.py" "$base_url" smollm2 "$question")"
