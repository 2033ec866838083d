#!/bin/sh
# Pack what a GPU machine without a network needs to verify seed-oss's twins; see README.md.
# Usage: pack.sh OUT [TWINS]
# The engines, which take longest, are packed anew only when their lists change; without TWINS they
# are all that is packed.
# XZ_LEVEL=-0 packs faster, into more bytes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
repo=$(CDPATH='' cd -- "$here/../../.." && pwd)
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)
twins=""
[ $# -lt 2 ] || twins=$(CDPATH='' cd -- "$2" && pwd)
python=${PYTHON:-python3}

platforms=""
for glibc in 39 35 34 31 28 27 26 24 17 12 5; do
  platforms="$platforms --platform manylinux_2_${glibc}_x86_64"
done
# A name for each tag, since pip takes them literally.
target="--no-deps --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312
  --abi abi3 --abi none $platforms --platform manylinux2014_x86_64 --platform manylinux1_x86_64
  --platform linux_x86_64 --platform any"

fetch() { # fetch LIST FOLDER: wheels where there are some, else built here if pure Python
  mkdir -p "$2"
  # shellcheck disable=SC2086
  "$python" -m pip download -q $target -d "$2" -r "$1" 2>/dev/null || fetch_each "$1" "$2"
  if ls "$2"/*-cp311-cp311-* >/dev/null 2>&1; then
    echo "a wheel was compiled for this machine's Python, and is of no use there:" "$2"/*-cp311-cp311-* >&2
    exit 1
  fi
}

fetch_each() { # fetch_each LIST FOLDER: one after the other, since one has no wheel
  grep -v '^#' "$1" | while read -r requirement; do
    # shellcheck disable=SC2086
    "$python" -m pip download -q $target -d "$2" "$requirement" ||
      "$python" -m pip wheel -q --no-deps -w "$2" "$requirement"
  done
}

pack() { # pack NAME FOLDER…: folders of `work` as one archive
  name=$1
  shift
  tar -C "$out/work" -cf - "$@" | xz -T0 "${XZ_LEVEL:--4}" >"$out/$name.new"
  mv "$out/$name.new" "$out/$name.tar.xz"
}

engines() {
  rm -rf "$out/work"
  mkdir -p "$out/work/site" "$out/work/gguf" "$out/work/transformers" "$out/work/pcre"
  printf 'vllm==0.26.0\n' >"$out/vllm.txt"
  printf 'vllm-gguf-plugin==0.0.5\ngguf==0.19.0\n' >"$out/gguf.txt"
  fetch "$here/vllm.txt" "$out/wheels/vllm"
  fetch "$out/vllm.txt" "$out/wheels/vllm"
  fetch "$out/gguf.txt" "$out/wheels/gguf"
  fetch "$here/transformers.txt" "$out/wheels/transformers"
  for wheel in "$out"/wheels/vllm/*.whl; do
    "$python" -m zipfile -e "$wheel" "$out/work/site"
  done
  for wheel in "$out"/wheels/gguf/*.whl; do
    "$python" -m zipfile -e "$wheel" "$out/work/gguf"
  done
  for wheel in "$out"/wheels/transformers/*.whl; do
    "$python" -m zipfile -e "$wheel" "$out/work/transformers"
  done
  # Compiled there: the sources, with the header and the library that they need.
  "$python" -m pip download -q --no-deps --no-binary pypcre -d "$out/pcre" \
    pypcre==0.6.4
  tar -xzf "$out"/pcre/pypcre-*.tar.gz -C "$out/work/pcre" --strip-components=1
  cp -L "${PCRE2_HEADER:-/usr/include/pcre2.h}" "$out/work/pcre/pcre_ext/pcre2.h"
  cp -L "${PCRE2_LIBRARY:-/usr/lib/x86_64-linux-gnu/libpcre2-8.so.0}" "$out/work/pcre/"
  pack engines site gguf transformers pcre
}

as_they_were() { # nothing that decides the engines is newer than their archive
  for source in "$here/pack.sh" "$here/vllm.txt" "$here/transformers.txt"; do
    [ "$out/engines.tar.xz" -nt "$source" ] || return 1
  done
}

as_they_were || engines
if [ -n "$twins" ]; then
  rm -rf "$out/work/modelbook" "$out/work/built" "$out/work/twins" "$out/parts"
  mkdir -p "$out/work/modelbook" "$out/parts"
  git -C "$repo" archive HEAD | tar -x -C "$out/work/modelbook"
  (cd "$out/work/modelbook" &&
    "$python" -c 'from compiler.cli import main; raise SystemExit(main())' \
      build --specs specs --out "$out/work/built")
  cp -R "$twins" "$out/work/twins"
  pack rest modelbook built twins
  (cd "$out" && sha256sum engines.tar.xz rest.tar.xz >parts/sums)
  split -b 55000000 -d "$out/engines.tar.xz" "$out/parts/engines."
  split -b 55000000 -d "$out/rest.tar.xz" "$out/parts/rest."
  ls -l "$out/parts"
fi
