#!/usr/bin/env python3
"""Says again what failed, for those who see only the end of a long run: failed_tests.py JUNIT_FILE…

For each failed test its name and the last lines it said, from what `ctest --output-junit` wrote; then all names.
"""
import sys
import xml.etree.ElementTree

LINES = 40


def failed(file):
    """(name, why, last lines) of each test in `file` that did not pass."""
    for case in xml.etree.ElementTree.parse(file).iter("testcase"):
        if case.get("status") in ("run", "disabled"):
            continue
        verdict = case.find("failure")
        if verdict is None:
            verdict = case.find("skipped")
        why = verdict.get("message") if verdict is not None else ""
        yield case.get("name"), why or "failed", (case.findtext("system-out") or "").splitlines()[-LINES:]


def report(files):
    found = [test for file in files for test in failed(file)]
    out = []
    for name, why, lines in found:
        out += [f"--- {name}: {why}; the end of what it said:", *lines]
    return out + [f"failed: {name} ({why})" for name, why, _ in found]


if __name__ == "__main__":
    print("\n".join(report(sys.argv[1:])))
