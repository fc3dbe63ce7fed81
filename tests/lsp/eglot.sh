#!/usr/bin/env bash
# The language server in Emacs without a screen, with Eglot: attaches, shows findings, explains one, applies its fix.
# Needs `PLIMSOLL` (by default the release build), and Emacs with Eglot (part of Emacs since 29, a package before); where there is none, it says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

here=$PWD
program=$(realpath "${PLIMSOLL:-target/release/plimsoll}")
emacs=${EMACS:-emacs}
"$emacs" --batch --eval "(progn (package-initialize) (require 'eglot))" >/dev/null 2>&1 || { echo "skipped: no Emacs with Eglot here"; exit 0; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/work"
ln -s "$program" "$scratch/bin/plimsoll"
printf 'select = ["privileged-container"]\n' >"$scratch/work/plimsoll.toml"
printf 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - { name: "é😀", securityContext: { privileged: true } }\n' >"$scratch/work/pod.yaml"

cd "$scratch/work"
PATH=$scratch/bin:$PATH HOME=$scratch timeout 120 "$emacs" --batch --load "$here/tests/lsp/eglot.el"
grep -q 'plimsoll: allow' pod.yaml
