#!/usr/bin/env bash
# Plays the recorded capabilities of several editors to the language server. Needs `PLIMSOLL` (by default the release build); pytest-lsp is
# installed where Python can get it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tools=target/tools/pytest-lsp
if ! [ -x "$tools/bin/pytest" ]; then
  { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet pytest-lsp==1.0.1 pytest-asyncio; } || { echo "skipped: no pytest-lsp here"; exit 0; }
fi
PLIMSOLL=$(realpath "${PLIMSOLL:-target/release/plimsoll}") PYTHONDONTWRITEBYTECODE=1 \
  "$tools/bin/pytest" --quiet -p no:cacheprovider -W ignore tests/lsp/clients.py
