#!/usr/bin/env bash
# Tries the hooks with the real pre-commit in scratch repositories: a commit with a finding is refused, a clean one passes.
#
# usage: tests/pre-commit/try.sh      needs git, python3 with venv; PLIMSOLL names the program (default: the debug build)
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
plimsoll=$(realpath "${PLIMSOLL:-$root/target/debug/plimsoll}")
tools=$root/target/pre-commit
version=4.7.0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ ! -x "$tools/bin/pre-commit" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet "pre-commit==$version"
fi
mkdir "$scratch/bin"
ln -s "$plimsoll" "$scratch/bin/plimsoll"
export PATH=$scratch/bin:$tools/bin:$PATH PRE_COMMIT_HOME=$scratch/cache
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.invalid
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.invalid

git init --quiet "$scratch/hooks"
cp "$root/.pre-commit-hooks.yaml" "$scratch/hooks"
git -C "$scratch/hooks" add --all
git -C "$scratch/hooks" commit --quiet --message hooks
git -C "$scratch/hooks" tag v0.1.0

try() {
  local hook=$1
  rm -rf "$scratch/repository"
  git init --quiet "$scratch/repository"
  cd "$scratch/repository"
  mkdir -p .plimsoll
  cp -r "$root/tests/sarif/workspace/.plimsoll/rules" .plimsoll
  printf 'repos:\n  - repo: %s\n    rev: v0.1.0\n    hooks: [{id: %s}]\n' "$scratch/hooks" "$hook" > .pre-commit-config.yaml
  pre-commit install > /dev/null
  git add --all
  git commit --quiet --message settings > "$scratch/said" 2>&1 || { cat "$scratch/said"; exit 1; }

  printf 'resource "aws_sqs_queue" "orders" {\n}\n' > queues.tofu
  git add --all
  if git commit --quiet --message bad > "$scratch/said" 2>&1; then
    cat "$scratch/said"
    echo "$hook: a commit with a finding went through"
    exit 1
  fi
  grep --quiet 'queue-without-owner' "$scratch/said" || { cat "$scratch/said"; exit 1; }

  printf 'resource "aws_sqs_queue" "orders" {\n  tags = { owner = "team-shop" }\n}\n' > queues.tofu
  git add --all
  git commit --quiet --message good > "$scratch/said" 2>&1 || { cat "$scratch/said"; exit 1; }
  [ "$(git log --format=%s | head -1)" = good ]
  echo "$hook: a bad commit was refused, a good one passed"
}

try plimsoll
try plimsoll-all
