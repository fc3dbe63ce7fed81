#!/usr/bin/env bash
# Packs the extension: one bundled file, with the program when one is named. The tools are taken from TOOLS, a folder with @vscode/vsce,
# esbuild and vscode-languageclient in its node_modules; without it they are installed into build/.
#
# usage: package.sh [PROGRAM [TARGET]]      TARGET as vsce calls it: linux-x64, darwin-arm64, win32-x64, …
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${1:-} target=${2:-}
build=$here/build
tools=${TOOLS:-$build}
mkdir -p "$build"
[ -x "$tools/node_modules/.bin/vsce" ] ||
  npm install --prefix "$tools" --no-save --no-package-lock --loglevel=error @vscode/vsce@4 esbuild vscode-languageclient@9

stage=$build/stage
rm -rf "$stage"
mkdir -p "$stage/out" "$stage/bin"
cp -r "$here/package.json" "$here/README.md" "$here/walkthrough" "$stage/"
cp "$here/../../LICENSE" "$stage/LICENSE"
if [ -n "$program" ]; then
  name=plimsoll
  case $program in *.exe) name=plimsoll.exe ;; esac
  cp "$program" "$stage/bin/$name"
  chmod +x "$stage/bin/$name"
fi
NODE_PATH=$tools/node_modules "$tools/node_modules/.bin/esbuild" "$here/src.js" \
  --bundle --minify --platform=node --target=node20 --external:vscode --outfile="$stage/out/extension.js" --log-level=warning
cd "$stage"
"$tools/node_modules/.bin/vsce" package --no-dependencies --allow-missing-repository --skip-license \
  ${target:+--target "$target"} -o "$build/plimsoll${target:+-$target}.vsix"
