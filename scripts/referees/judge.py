"""Reads what replay.py --json wrote and holds it against the least share of equal values per family.

usage: judge.py FILE PERCENT FAMILY…   The family `all` is the sum.
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    scores = json.load(file)
least, families = float(sys.argv[2]), sys.argv[3:]
failed = 0
for kind in ("n", "values"):
    scores[kind]["all"] = sum(scores[kind].values())
for family in families:
    number = scores["n"].get(family, 0)
    share = 100 * scores["values"].get(family, 0) / number if number else 0.0
    good = number > 0 and share >= least
    failed += not good
    print(f"{family:20} {number:5} exchanges, values {share:5.1f} %, at least {least:.0f} %: {'ok' if good else 'TOO LOW'}")
print(f"{len(families) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
