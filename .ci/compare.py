#!/usr/bin/env python3
"""Compares fresh scores with the committed scoreboard; exits with 1 where a number of passes fell.

usage: compare.py FOLDER SHARED [bless]

FOLDER holds what the scorers wrote, SHARED is where they lie. `bless` writes `snapshots/scoreboard.json` and
`snapshots/deviations.md` anew; the reasons in the latter come from `snapshots/reasons.tsv`: a peer's rule or one case of it, whose
the difference is (`ours`, `theirs`, `by design`), and why.
"""
import collections
import json
import pathlib
import sys

FAILING = ("missed", "elsewhere", "false alarm", "error")
WHOSE = ("ours", "theirs", "by design")
SAID = {"missed": "not found", "elsewhere": "found elsewhere", "false alarm": "found in a good sample", "error": "failed"}

folder, shared = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
bless = sys.argv[3:] == ["bless"]
snapshots = pathlib.Path("snapshots")
board, deviations, reasons = snapshots / "scoreboard.json", snapshots / "deviations.md", snapshots / "reasons.tsv"


def read(name):
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


oracle = {kind: {"cases": len(verdicts), "pass": sum(map(bool, verdicts.values()))} for kind, verdicts in read("oracle").items()}
verdicts = read("conformance").get("cases", {})
cases = [json.loads(line) for line in open(shared / "conformance/cases.jsonl", encoding="utf-8")]
conformance = collections.defaultdict(lambda: {"claimed": 0, "pass": 0})
failing = []
for case in cases:
    verdict = verdicts.get(case["case"], "unclaimed")
    if verdict == "unclaimed":
        continue
    score = conformance[f"{case['format']}/{case['suite']}"]
    score["claimed"] += 1
    score["pass"] += verdict == "pass"
    if verdict in FAILING:
        failing.append((f"{case['suite']}:{case['rule']}", case["case"], verdict))
fresh = {"oracle": oracle, "conformance": dict(conformance)}

# What is known of the differences.
known, used, wrong = {}, set(), []
for line in reasons.read_text(encoding="utf-8").splitlines() if reasons.exists() else []:
    if line and not line.startswith("#"):
        key, whose, why = line.split("\t")
        if whose not in WHOSE or key in known:
            wrong.append(f"{reasons}: {key}: {whose!r} is not one of {', '.join(WHOSE)}, or there are two rows")
        known[key] = (whose, why)
rows = []
for rule, case, verdict in sorted(failing):
    key = case if case in known else rule
    whose, why = known.get(key, ("", ""))
    used.add(key)
    rows.append(f"| {rule} | {case.removeprefix(rule.split(':')[0] + '/')} | {SAID[verdict]} | {whose} | {why} |")
wrong += [f"{reasons}: {key}: no claimed case of it fails any more" for key in sorted(known.keys() - used)]

if bless or not board.exists():
    board.write_text(json.dumps(fresh, indent=1, sort_keys=True) + "\n")
    claimed = sum(score["claimed"] for score in conformance.values())
    head = [
        "# Where other analyzers judge otherwise", "",
        f"Of {claimed} samples of rules that ours claim to match, these {len(rows)} come out otherwise. Written by `.ci/scores bless`; the",
        "reasons are kept in `reasons.tsv`.", "",
        "| rule | sample | ours | whose | why |", "|---|---|---|---|---|",
    ]
    deviations.write_text("\n".join(head + rows) + "\n", encoding="utf-8")
    print("\n".join([f"wrote {board} and {deviations}", *wrong]))
    sys.exit(bool(wrong))

before = json.loads(board.read_text())
for part in ("oracle", "conformance"):
    for kind, score in before[part].items():
        now = fresh[part].get(kind, {}).get("pass", 0)
        if now < score["pass"]:
            wrong.append(f"{part} {kind}: {score['pass']} passed before, {now} now")
print("\n".join(wrong) or "no score fell")
sys.exit(bool(wrong))
