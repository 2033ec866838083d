#!/usr/bin/env bash
# Launch SmolLM2 on a free port, ask it one question, stop it.
set -euo pipefail

runtime engines install llama.cpp --provider xllamacpp

runtime launch --model-engine llama.cpp --model-name smollm2 --size-in-billions 0_135 \
  --model-format ggufv2 --quantization Q4_1 --detach
trap 'runtime stop smollm2' EXIT

# `ps` tells programs what `launch` told you.
server=$(runtime ps --format json)
field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[0][sys.argv[2]])' "$server" "$1"; }

question="What is the capital of France? Answer in one sentence."
echo "Q: $question"
echo "A: $(python3 "$(dirname "$0")/ask.py" "$(field base_url)" "$(field served_model_name)" "$question")"
