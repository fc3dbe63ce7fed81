#!/usr/bin/env bash
# The language server in Emacs without a screen, with Eglot: attaches, shows findings, explains one, applies its fix.
# Needs `PLIMSOLL` (by default the release build), and Emacs with Eglot (part of Emacs since 29, a package before); where there is none, it says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

emacs=${EMACS:-emacs}
"$emacs" --batch --eval "(progn (package-initialize) (require 'eglot))" >/dev/null 2>&1 || { echo "skipped: no Emacs with Eglot here"; exit 0; }

. tests/lsp/scratch.sh
PATH=$scratch/bin:$PATH HOME=$scratch timeout 120 "$emacs" --batch --load "$here/tests/lsp/eglot.el"
grep -q 'plimsoll: allow' pod.yaml
