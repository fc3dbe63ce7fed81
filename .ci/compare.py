#!/usr/bin/env python3
"""Compares fresh scores with the committed scoreboard; exits with 1 where a number of passes fell.

usage: compare.py FOLDER SCOREBOARD [bless]
"""
import json
import pathlib
import sys

folder, board = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
bless = sys.argv[3:] == ["bless"]


def read(name):
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


oracle = {kind: {"cases": len(verdicts), "pass": sum(map(bool, verdicts.values()))} for kind, verdicts in read("oracle").items()}
total = read("conformance").get("total", {})
claimed = total.get("cases", 0) - total.get("unclaimed", 0)
fresh = {"oracle": oracle, "conformance": {"claimed": claimed, "pass": total.get("pass", 0)}}

if bless or not board.exists():
    board.write_text(json.dumps(fresh, indent=1, sort_keys=True) + "\n")
    print(f"wrote {board}")
    sys.exit(0)

known = json.loads(board.read_text())
fallen = [f"{kind}: {score['pass']} passed before, {oracle.get(kind, {}).get('pass', 0)} now"
          for kind, score in known["oracle"].items() if oracle.get(kind, {}).get("pass", 0) < score["pass"]]
# More claims may bring more failures; the share of claims that hold must not fall, nor the number of those that do.
before, now = known["conformance"], fresh["conformance"]
if now["pass"] < before["pass"]:
    fallen.append(f"conformance: {before['pass']} claimed cases passed before, {now['pass']} now")
if now["pass"] * before["claimed"] < before["pass"] * now["claimed"] and now["pass"] * 100 < now["claimed"] * 90:
    fallen.append(f"conformance: {now['pass']} of {now['claimed']} claimed cases pass, fewer than nine in ten")
print("\n".join(fallen) or "no score fell")
sys.exit(bool(fallen))
