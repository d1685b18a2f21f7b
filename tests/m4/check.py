#!/usr/bin/env python3
"""Writes the jobs of tests/m4/run, and checks what became of them.

    check.py write WORK
    check.py check WORK [--update]
"""

import pathlib
import sys

import by_mail
import dialogues
import fail_closed
import generated
import golden
import lists
import one_source
import routes
from jobs import HOSTS

PARTS = (fail_closed, generated, lists, by_mail, routes, dialogues, golden, one_source)


def main():
    command, work = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "write":
        for part in PARTS:
            part.write(work)
        (work / "hosts").write_text(HOSTS)
        return 0
    failures = []
    for job in sorted((work / "jobs").iterdir()):
        complaint = (job / "m4.err").read_text()
        if complaint and not job.name.startswith("error-"):
            failures.append(f"{job.name}: m4 complains: {complaint}")
    for part in PARTS:
        failures += part.check(work, *sys.argv[3:])
    for text in failures:
        print("FAILED:", text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
