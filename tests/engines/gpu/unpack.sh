#!/bin/sh
# Put the parts of pack.sh together and make interpreters for `--engine-python`; see README.md.
# Usage: unpack.sh PARTS DIR
set -eu
parts=$1
mkdir -p "$2"
dir=$(CDPATH='' cd -- "$2" && pwd)
python=${PYTHON:-python3}

for name in engines rest; do
  cat "$parts/$name".* >"$dir/$name.tar.xz"
done
cp "$parts/sums" "$dir/sums"
(cd "$dir" && sha256sum -c sums && xz -T0 -dc engines.tar.xz | tar -x &&
  xz -T0 -dc rest.tar.xz | tar -x && rm engines.tar.xz rest.tar.xz)

# Else each start compiles them again, for as long as an engine takes to start.
(unset PYTHONDONTWRITEBYTECODE && cd "$dir" &&
  "$python" -m compileall -q -j 0 site gguf transformers modelbook >/dev/null) || true

# GPTQModel's regular expressions.
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
suffix=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
cp -R "$dir/pcre/pcre" "$dir/pcre/libpcre2-8.so.0" "$dir/transformers/"
# shellcheck disable=SC2016
gcc -O2 -shared -fPIC -I"$include" -I"$dir/pcre/pcre_ext" "$dir"/pcre/pcre_ext/*.c \
  "$dir/transformers/libpcre2-8.so.0" -Wl,-rpath,'$ORIGIN' \
  -o "$dir/transformers/pcre_ext_c$suffix" || echo "pypcre cannot be compiled here" >&2

interpreter() { # interpreter NAME PATH…: a program that is this Python with more to import
  name=$1
  shift
  mkdir -p "$dir/engines/$name/bin"
  cat >"$dir/engines/$name/bin/python" <<END
#!/bin/sh
PYTHONPATH=$(IFS=:; echo "$*") exec "$(command -v "$python")" "\$@"
END
  chmod +x "$dir/engines/$name/bin/python"
}
interpreter vllm "$dir/site"
interpreter vllm-gguf "$dir/site" "$dir/gguf"
interpreter transformers "$dir/transformers" "$dir/site"
