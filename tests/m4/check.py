#!/usr/bin/env python3
"""Writes the jobs of tests/m4/run, and checks what became of them.

    check.py write WORK
    check.py check WORK [--update]
"""

import pathlib
import re
import sys

from jobs import STATES, Route, answers, write_job

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONFIGS = {path.stem: path.read_text() for path in sorted((HERE / "configs").glob("*.mc"))}

failures = []


def expect(good, text):
    if not good:
        failures.append(text)


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


# --- Where mail goes: every address, in every configuration, with every state of the mailertable ---


def addresses():
    return [line.split("\t", 1) for line in lines_of(HERE / "addresses.txt")]


def fail_closed_configs():
    return {name: text for name, text in CONFIGS.items() if "FEATURE(`tsmtp'" in text}


def write_enumeration(work):
    query = [f"/parse {address}" for _, address in addresses()]
    for name, text in fail_closed_configs().items():
        for state in STATES:
            write_job(work, f"all-{name}-{state}", text, state, query)


def check_enumeration(work):
    for name in fail_closed_configs():
        for state in STATES:
            job = work / "jobs" / f"all-{name}-{state}"
            replies = answers(job)
            expect(len(replies) >= len(addresses()), f"{job.name}: {len(replies)} answers\n{(job / 'answer').read_text()[:500]}")
            for (kind, address), reply in zip(addresses(), replies):
                route = Route(reply)
                expect(allowed(name, kind, state, route), f"{job.name}: {kind} {address} -> {route}")


def allowed(config, kind, state, route):
    held = route.mailer == "error" and route.host == ("5.7.0" if config == "reject" else "4.7.0")
    refused = route.mailer == "error" and route.host.startswith("5.1.")
    if kind == "in":
        tunnel = route.mailer == "tsmtp" and re.match(r"\[127\.0\.5\.2\]$", route.host)
        # A line that says so makes a recipient local.
        local = route.mailer in ("local", "cyrusv2") and state == "wrong" and "@" not in route.user
        return held or refused or tunnel or local
    if kind == "out":
        return route.mailer in ("smtp", "esmtp", "relay") and not route.temporary or state in ("missing", "damaged") and \
            route.mailer in ("smtp", "esmtp", "relay")
    return route.mailer in ("local", "cyrusv2") and route.user.split("@")[0].split("+")[0] in ("taro", "postmaster", "birl.example", "birl")


# --- Exact tables, one for each configuration in routes/ ---


def write_routes(work):
    for path in sorted((HERE / "routes").glob("*.txt")):
        config, state = path.stem.split("-")
        write_job(work, f"routes-{path.stem}", config_named(config), state,
                  [f"/parse {line.split(chr(9))[0]}" for line in lines_of(path)])


def config_named(name):
    if name in CONFIGS:
        return CONFIGS[name]
    return (ROOT / "m4/examples" / f"{name}.mc").read_text()


def check_routes(work):
    for path in sorted((HERE / "routes").glob("*.txt")):
        for line, reply in zip(lines_of(path), answers(work / "jobs" / f"routes-{path.stem}")):
            address, expected = line.split("\t", 1)
            route = str(Route(reply))
            expect(re.fullmatch(expected, route), f"{path.stem}: {address} -> {route!r}, expected {expected!r}")


def main():
    command, work = sys.argv[1], pathlib.Path(sys.argv[2])
    parts = (("enumeration", write_enumeration, check_enumeration), ("routes", write_routes, check_routes))
    if command == "write":
        for _, write, _ in parts:
            write(work)
        (work / "hosts").write_text(__import__("jobs").HOSTS)
        return 0
    for job in sorted((work / "jobs").iterdir()):
        if not job.name.startswith("error-"):
            expect((job / "m4.err").read_text() == "", f"{job.name}: m4 complains: {(job / 'm4.err').read_text()}")
    for _, _, check in parts:
        check(work)
    for text in failures:
        print("FAILED:", text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
