#!/usr/bin/env python3
"""Tells apart what the referee counts as a miss: what the sandbox answers wrongly, and what no org could answer.

usage: reach.py BASE_URL TOKEN RECORDINGS_DIR [--misses FILE] [--all PERCENT] [--each PERCENT] [--but FAMILY…]

The same replay as fixtures/okta/replay.py, with its own functions, and these differences:
- ids are mapped in every form that Okta has (UUIDs of keys, `gPm…` of group pushes, ids without a digit);
- the number at the end of the name of an own app and the random end of the name of an app's schema are not compared,
  as the first counts what the org did in earlier years and the second is drawn;
- an exchange whose path, query or body names a thing that was there before the recording, or that a call made whose
  body was not recorded, is left out also when a list shows the thing: the replayed org cannot have it;
- of a recorded list such things are not compared, unless the org holds one of the same name.
It fails when fewer than --all percent of all answers are right, or fewer than --each percent of a family with 20 or
more exchanges that is not excused by --but, or when fewer than 99 % of the exchanges are reached.
"""
import argparse
import collections
import glob
import importlib.util
import json
import os
import re
import sys
import urllib.request

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("replay", os.path.join(here, "../../fixtures/okta/replay.py"))
replay = importlib.util.module_from_spec(spec)
spec.loader.exec_module(replay)

FORMS = re.compile(
    r"\b(?:0|[a-z]{2,3}|gPm)[0-9A-Za-z]{17,19}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bscrubbed-session-[0-9a-f]+\b"
)
DRAWN = [
    (re.compile(r"\b(org_[a-z0-9]+)_\d+(_link)?\b"), r"\1_N\2"),
    (re.compile(r"\boidc_client_[0-9a-z]{7}\b"), "oidc_client_X"),
]


def is_id(value):
    if not isinstance(value, str) or not FORMS.fullmatch(value):
        return False
    return "-" in value or len(value) == 20


replay.is_id, replay.ID_IN_TEXT = is_id, FORMS


def without_drawn(value):
    text = json.dumps(value)
    for pattern, instead in DRAWN:
        text = pattern.sub(instead, text)
    return json.loads(text)


def ids_in(value):
    return {one for one in FORMS.findall(json.dumps(value)) if is_id(one)}


def name_of(element):
    """By what the referee knows an element of a list again."""
    profile = element.get("profile") if isinstance(element.get("profile"), dict) else {}
    names = (profile.get("name"), profile.get("login"), element.get("name"), element.get("label"), element.get("type"))
    return json.dumps(next((name for name in names if name), None))


def without_former(wanted, live, before, org):
    """Two lists without what was there before on one side only: what the org holds by another name is its own."""
    if not isinstance(wanted, list) or not isinstance(live, list):
        return wanted, live
    former = [one for one in wanted if isinstance(one, dict) and one.get("id") in before and one.get("id") not in org.ids]
    if not former:
        return wanted, live
    held = {name_of(one) for one in live if isinstance(one, dict)}
    kept = [one for one in wanted if one not in former or name_of(one) in held]
    names = {name_of(one) for one in kept if isinstance(one, dict)}
    return kept, [one for one in live if not isinstance(one, dict) or name_of(one) in names]


def compare(x, live_status, live, optional, org, made, before):
    """How far an answer is right (0 to 3), and what is the first difference."""
    wanted = x.get("res")
    if not replay.same_status(x["status"], live_status, f"{x['method']} {x['ep']}"):
        return 0, f"status {x['status']} != {live_status}"
    if (wanted in (None, "")) != (live in (None, "")):
        return 1, "body"
    if isinstance(wanted, list) and wanted and live == [] and ids_in(wanted) & made:
        return 1, "empty list"
    wanted, live = (without_drawn(one) for one in without_former(wanted, live, before, org))
    found = replay.differ(replay.shape(wanted), replay.shape(live), optional)
    if found:
        return 1, found
    found = replay.values(wanted, live)
    return (2, found) if found else (3, None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("dir")
    parser.add_argument("--misses")
    parser.add_argument("--all", type=float, default=0)
    parser.add_argument("--each", type=float, default=0)
    parser.add_argument("--but", nargs="*", default=[])
    args = parser.parse_args()
    count, right, reached = (collections.Counter() for _ in range(3))
    left_out, misses = collections.Counter(), []
    files = sorted(glob.glob(os.path.join(args.dir, "*.jsonl")))
    optional = replay.optional_members(files)
    optional = {kind: {without_drawn(path) for path in paths} for kind, paths in optional.items()}
    for file in files:
        request = urllib.request.Request(args.base + "/_sandbox/reset", data=b"", method="POST")
        urllib.request.urlopen(request, timeout=30).read()
        org, made, before = replay.Org(args.base, args.token), set(), set()
        for line in open(file, encoding="utf-8"):
            x = json.loads(line)
            answered = ids_in(x.get("res"))
            named = ids_in([x["path"], x.get("query"), x.get("req")])
            unknown = {one for one in named if one not in org.ids}
            outside = not x.get("ep") or any(x["path"].startswith(skip) for skip in replay.SKIP_FAMILIES)
            if x.get("doubtful") or outside or x.get("req_unrecorded") or x["status"] >= 500 or x["status"] in (423, 429):
                before |= answered - made
                continue
            family = replay.family(x["ep"])
            in_path = unknown & ids_in(x["path"])
            if unknown & before or (in_path - made and x["status"] < 400):
                left_out[family] += 1
                before |= answered - made
                continue
            count[family] += 1
            if in_path & made:  # the org refused to make it
                misses.append((family, x["method"], x["ep"], "not made", os.path.basename(file), x["n"]))
                continue
            reached[family] += 1
            target = org.sub(x["path"]) + ("?" + org.sub(x["query"]) if x.get("query") else "")
            body = x.get("req")
            body = json.loads(org.sub(json.dumps(body))) if body is not None else None
            headers = x.get("reqh", {})
            status, live = org.call(x["method"], target, body, headers.get("content-type"), headers.get("accept"))
            if x["method"] == "GET":
                before |= answered - made - set(org.ids)
            kind = optional.get(replay.kind(x), ())
            score, why = compare(x, status, live, kind, org, made, before)
            right[family] += score == 3
            if why:
                misses.append((family, x["method"], x["ep"], why, os.path.basename(file), x["n"]))
            if status < 400 and x["status"] < 400:
                org.learn(x.get("res"), live)
            if x["method"] != "GET":
                made |= answered - before
    print(f"{'family':28} {'answerable':>10} {'reached %':>9} {'values %':>9} {'left out':>9}")
    for family, number in sorted(count.items(), key=lambda one: -one[1]):
        shares = 100 * reached[family] / number, 100 * right[family] / number
        print(f"{family:28} {number:10} {shares[0]:9.1f} {shares[1]:9.1f} {left_out[family]:9}")
    total = sum(count.values()) or 1
    print(
        f"all: {total} answerable, reached {100 * sum(reached.values()) / total:.1f} %, "
        f"values {100 * sum(right.values()) / total:.1f} %, left out {sum(left_out.values())}"
    )
    if args.misses:
        with open(args.misses, "w", encoding="utf-8") as out:
            json.dump(misses, out, indent=0)
    low = [
        family
        for family, number in count.items()
        if number >= 20 and family not in args.but and 100 * right[family] < args.each * number
    ]
    if 100 * sum(right.values()) < args.all * total or 100 * sum(reached.values()) < 99 * total or low:
        print("TOO LOW:", ", ".join(low) or "all")
        sys.exit(1)


if __name__ == "__main__":
    main()
