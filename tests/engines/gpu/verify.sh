#!/bin/sh
# Verify seed-oss's twins with `runtime verify`, a queue for each GPU; see README.md.
# Usage: verify.sh DIR RECORDS [GPU]…
set -u
dir=$(CDPATH='' cd -- "$1" && pwd)
mkdir -p "$2"
records=$(CDPATH='' cd -- "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- 0
export PYTHONPATH="$dir/modelbook:$dir/site" MODELBOOK_HOME="$dir/home"
export MODELBOOK_MANIFEST="$dir/built/manifest.json"
# Its own sampler is not brought along.
export VLLM_USE_FLASHINFER_SAMPLER=0

try() { # try GPU ENVIRONMENT SELECTOR: one selection, its records in a file for the GPU
  gpu=$1 environment=$2 selector=$3
  CUDA_VISIBLE_DEVICES=$gpu timeout "${LIMIT:-400}" "${PYTHON:-python3}" -c \
    'from runtime.cli import main; raise SystemExit(main())' \
    verify "$selector" --twin "$dir/twins" --records "$records/$environment-$gpu.jsonl" \
    --engine-python "$dir/engines/$environment/bin/python" --as maintainer --timeout 240 \
    ${MORE:-} 2>&1
}

queue() { # queue GPU NUMBER COUNT: every COUNT-th selection, beginning with NUMBER
  gpu=$1 number=$2 count=$3 line=0
  while read -r environment selector; do
    [ $((line % count)) -eq "$number" ] && try "$gpu" "$environment" "$selector" </dev/null
    line=$((line + 1))
  done <"$dir/selections"
}

[ -f "$dir/selections" ] || cp "$(dirname -- "$0")/selections" "$dir/selections"
count=$# number=0
for gpu in "$@"; do
  queue "$gpu" "$number" "$count" >"$records/log-$gpu.txt" &
  number=$((number + 1))
done
wait
cat "$records"/log-*.txt
