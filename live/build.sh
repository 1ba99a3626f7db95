#!/bin/sh
# kernels.c -> src/kernels.wasm.js, a module that holds the WebAssembly as base64. Needs clang and lld 14 (Debian 12:
# apt install clang lld). `build.sh --check` compares with the committed file instead of writing it.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang --target=wasm32 -msimd128 -O3 -ffreestanding -c -o "$work/kernels.o" kernels.c
# not through clang, which would run wasm-opt, with SIMD switched off, where binaryen is installed
wasm-ld --no-entry --strip-all --export=__heap_base -z stack-size=4096 -o "$work/kernels.wasm" "$work/kernels.o"
printf '// Built by build.sh from kernels.c.\nexport const WASM = "%s";\n' "$(base64 -w0 "$work/kernels.wasm")" > "$work/kernels.wasm.js"
if [ "$1" = --check ]; then
  cmp "$work/kernels.wasm.js" src/kernels.wasm.js && echo "src/kernels.wasm.js is what kernels.c gives"
else
  cp "$work/kernels.wasm.js" src/kernels.wasm.js && wc -c src/kernels.wasm.js
fi
