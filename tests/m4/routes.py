"""Where mail goes, to the letter: the tables in routes/, CONFIGURATION-STATE.txt, of the tests' configurations and the examples."""

import re

from jobs import HERE, Route, answers, config_named, lines_of, write_job


def tables():
    return sorted((HERE / "routes").glob("*.txt"))


def write(work):
    for path in tables():
        config, state = path.stem.split("-")
        query = ["/parse " + line.split("\t")[0] for line in lines_of(path)]
        write_job(work, f"routes-{path.stem}", config_named(config), state, query)


def check(work, *_):
    failures = []
    for path in tables():
        replies = answers(work / "jobs" / f"routes-{path.stem}")
        for line, reply in zip(lines_of(path), replies):
            address, expected = line.split("\t", 1)
            route = str(Route(reply))
            if not re.fullmatch(expected, route):
                failures.append(f"{path.stem}: {address} -> {route!r}, expected {expected!r}")
    return failures
