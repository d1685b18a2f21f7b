#!/usr/bin/env python3
"""Asks `sendmail -bt` and `mailertable resolve` for the way of random names through random tables, and compares every lookup that
either makes, in order, with what it found.

usage: resolve_differential.py SENDMAIL SENDMAIL_CF_TREE OUR_MAILERTABLE [TABLES [SEED]]
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LABELS = ["a", "b", "C", "birl", "GMD", "lab", "x-1", "x_2", "example", "de"]
LOOKUP = re.compile(r"^map_lookup\(mailertable, (.*?), %0=.*\) => (.*?)(?: \((\d+)\), ad=-?\d+)?$")


def name(rng, labels=None):
    return ".".join(rng.choice(LABELS) for _ in range(labels or rng.choice([1, 2, 2, 3, 3, 4])))


def value(rng):
    kind = rng.randrange(12)
    if kind == 0:  # a value without a mailer, which is taken for a domain
        return rng.choice(["[127.0.5.2]", name(rng), "." + name(rng), "hub", "hub other", "a b.c d"])
    if kind == 1:
        return rng.choice(["error:5.1.2:550 no such host", "error:nohost:no %1", "local:joe", "local:", ":x", "[h]:x", "tsmtp", "esmtp: [h]"])
    if kind == 2:
        return rng.choice(["esmtp:%1.hub", "tsmtp:[%1]", "esmtp:%0", "esmtp:%2.x", "esmtp:%%1%x", "relay:%3", "%1:hub", "%2.%1"])
    return rng.choice(["tsmtp", "esmtp", "relay"]) + ":" + rng.choice(["[127.0.5.%d]" % rng.randrange(9), name(rng), "joe@[h]", "[a]:[b]"])


def table(rng):
    keys = {rng.choice(["", "."]) + name(rng) for _ in range(rng.randrange(1, 12))}
    if rng.random() < 0.3:
        keys.add(".")
    return "".join(f"{key}\t{value(rng)}\n" for key in sorted(keys))


def asked(sendmail, cf, names):
    """The lookups of each name: key and value, None for a miss."""
    script = "".join(f"3,0 joe@{one}\n" for one in names)
    done = subprocess.run([sendmail, "-bt", "-d60.5", f"-C{cf}"], input=script, capture_output=True, text=True, timeout=240, check=False)
    walks = []
    for line in done.stdout.splitlines():
        if re.match(r"^(?:> )*canonify +input: joe @", line):
            walks.append([])
        found = LOOKUP.match(line)
        if found and walks:
            walks[-1].append((found[1].lower(), None if found[2].startswith("NOT FOUND") else found[2]))
    return walks


def resolved(mailertable, db, names):
    done = subprocess.run([mailertable, "resolve", "--format", "json", db, *names], capture_output=True, text=True, timeout=240, check=False)
    return [[(step["key"], step["value"]) for step in one["steps"]] for one in json.loads(done.stdout)]


def main():
    sendmail, cf_tree, mailertable = sys.argv[1:4]
    tables = int(sys.argv[4]) if len(sys.argv) > 4 else 100
    seed = sys.argv[5] if len(sys.argv) > 5 else str(random.randrange(1 << 30))
    failures = walks = 0
    with tempfile.TemporaryDirectory(prefix="resolve.") as scratch:
        work = pathlib.Path(scratch)
        cf = work / "sendmail.cf"
        cf.write_bytes(subprocess.run(["m4", f"-D_CF_DIR_={cf_tree}/", f"-DWORK={scratch}", str(HERE / "resolve.mc")], capture_output=True, check=True).stdout)
        (work / "service.switch").write_text("hosts files\naliases files\n")
        for number in range(tables):
            rng = random.Random(f"{seed}/{number}")
            source = work / "mailertable"
            source.write_text(table(rng))
            # Hostile tables are built as makemap does: build would refuse them.
            with source.open("rb") as text:
                subprocess.run([mailertable, "makemap", "-C", str(cf), "hash", str(source)], stdin=text, capture_output=True, check=False)
            keys = [line.split("\t")[0].strip(".") for line in source.read_text().splitlines()]
            names = [name(rng) for _ in range(8)] + [rng.choice(["", "x.", "X.y."]) + key for key in keys if key]
            theirs = asked(sendmail, cf, names)
            ours = resolved(mailertable, str(source) + ".db", names)
            if len(theirs) != len(names):
                sys.exit(f"sendmail answered {len(theirs)} of {len(names)} names")
            for one, a, b in zip(names, theirs, ours):
                walks += 1
                if a[:40] != b[:40]:  # where values lead in circles sendmail gives up after more than that
                    failures += 1
                    print(f"table {number}, {one}:\n  sendmail {a[:8]}\n  ours     {b[:8]}\n{source.read_text()}")
    print(f"{walks} names in {tables} tables with seed {seed}, {failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
