#!/bin/sh
# Verify seed-oss's twins with `runtime verify`, a queue for each GPU; see README.md.
# Usage: verify.sh DIR RECORDS [GPU]…
# `0,1` for a GPU shares each layer between the two. SELECTIONS is a file other than `selections`;
# SECONDS_LEFT is when to begin no more; TIMEOUT is for one start; MORE are options of `verify`.
# What has a record already is left out, so that it can be run again for the rest.
set -u
dir=$(CDPATH='' cd -- "$1" && pwd)
mkdir -p "$2"
records=$(CDPATH='' cd -- "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- 0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
selections=${SELECTIONS:-$here/selections}
until=$(($(date +%s) + ${SECONDS_LEFT:-100000}))
export PYTHONPATH="$dir/modelbook:$dir/site" MODELBOOK_HOME="$dir/home"
export MODELBOOK_MANIFEST="$dir/built/manifest.json"
# Its own sampler is not brought along.
export VLLM_USE_FLASHINFER_SAMPLER=0
# Engines start twice as fast from compiled modules.
unset PYTHONDONTWRITEBYTECODE
claims=$(mktemp -d)

try() { # try GPU ENVIRONMENT SELECTOR: one selection
  shared=$(echo "$1" | tr ',' '\n' | wc -l)
  [ "$shared" -eq 1 ] || set -- "$@" --tensor-parallel-size "$shared"
  gpu=$1 environment=$2
  shift 2
  # shellcheck disable=SC2086
  "${PYTHON:-python3}" -c 'from runtime.cli import main; raise SystemExit(main())' \
    verify "$@" --twin "$dir/twins" --gpus "$gpu" --records "$records/seed-oss.jsonl" --resume \
    --engine-python "$dir/engines/$environment/bin/python" --as maintainer \
    --timeout "${TIMEOUT:-300}" ${MORE:-} 2>&1
}

queue() { # queue GPU: whatever no other queue has begun
  while read -r environment selector; do
    mkdir "$claims/$(echo "$selector" | tr / +)" 2>/dev/null || continue
    [ "$(date +%s)" -lt "$until" ] || continue
    try "$1" "$environment" "$selector" </dev/null
  done <"$selections"
}

for gpu in "$@"; do
  queue "$gpu" >"$records/log-$gpu.txt" &
done
wait
rm -r "$claims"
for gpu in "$@"; do
  cat "$records/log-$gpu.txt"
done
