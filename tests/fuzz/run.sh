#!/usr/bin/env bash
# run.sh MINUTES [TARGET…]: fuzzes each target for so many minutes; see README.md beside this file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
minutes=${1:?usage: run.sh MINUTES [TARGET…]}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | grep -v '^plimsoll-fuzz$')
seconds=$((minutes * 60))
instrumented=$(cargo +nightly fuzz --version 2>/dev/null || true)
for target in "${targets[@]}"; do
  if [ -n "$instrumented" ]; then
    # The kept inputs are where the search begins; memory is bounded, and an input that takes 20 seconds is a hang.
    mkdir -p "corpus/$target" "kept/$target"
    cargo +nightly fuzz run --fuzz-dir . --sanitizer none "$target" "corpus/$target" "kept/$target" -- \
      -max_total_time="$seconds" -max_len=65536 -len_control=50 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1
  else
    # This folder is a workspace of its own, which knows no tests.
    (cd ../.. && PLIMSOLL_FUZZ_TARGET=$target PLIMSOLL_FUZZ_SECONDS=$seconds cargo test --release -p plimsoll-tests --test mutation -- --nocapture)
  fi
done
