#!/usr/bin/env bash
# Validates SARIF files: Microsoft's multitool with the schema's and GitHub's rules. The multitool exits with 0 whatever it finds, so
# its own output decides. Without files, the report on a small workspace that has something of everything is validated.
#
# usage: tests/sarif/validate.sh [FILE.sarif…]      needs node, npm, jq; PLIMSOLL names the program (default: the debug build)
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
plimsoll=$(realpath "${PLIMSOLL:-$root/target/debug/plimsoll}")
tools=$root/target/sarif-multitool
version=5.7.0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ ! -d "$tools/node_modules/@microsoft/sarif-multitool-linux" ]; then
  mkdir -p "$tools"
  npm install --prefix "$tools" --no-audit --no-fund --loglevel=error "@microsoft/sarif-multitool@$version"
fi
multitool=$tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  cp -r "$root/tests/sarif/workspace" "$scratch/workspace"
  mkdir "$scratch/workspace/.git"
  printf '\xff\xfe' > "$scratch/workspace/not text.tf"
  (
    cd "$scratch/workspace/infra"
    "$plimsoll" check .. --select all --output-format sarif --output-file "$scratch/whole.sarif" --exit-zero
    "$plimsoll" check main.tf --select unused-suppression --output-format sarif --output-file "$scratch/clean.sarif"
  )
  files=("$scratch/whole.sarif" "$scratch/clean.sarif")
  jq -e '.runs[0] | (.results | length > 0) and (.invocations[0].toolExecutionNotifications | length > 0)' "$scratch/whole.sarif" > /dev/null ||
    { echo "the report on the workspace lacks results or notifications"; exit 1; }
fi

bad=0
for file in "${files[@]}"; do
  log=$scratch/log.sarif
  "$multitool" validate "$file" --rule-kind "Sarif;Ghas;Gh" --level "Error;Warning" --max-file-size-in-kb 1000000 -o "$log" --log ForceOverwrite > "$scratch/output" 2>&1 ||
    { cat "$scratch/output"; bad=1; continue; }
  # A result without a level is a warning.
  problems=$(jq -r '.runs[].results[]? | "\(.level // "warning") \(.ruleId): \(.message.text // (.message.arguments | tostring))"' "$log" | sort | uniq -c)
  if grep -q ' error ' <<< "$problems"; then bad=1; fi
  echo "$(basename "$file"): $(jq '[.runs[].results | length] | add' "$file") results, $(grep -c . <<< "$problems" || true) remarks"
  [ -z "$problems" ] || echo "$problems"
done
exit $bad
