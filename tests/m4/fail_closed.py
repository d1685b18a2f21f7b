"""Where mail may go: every address of addresses.txt, in every configuration, with every state of the mailertable."""

import re

from jobs import CONFIGS, HERE, STATES, Route, answers, config_named, lines_of, write_job

MAILERS_OUT = ("smtp", "esmtp", "relay")
MAILERS_LOCAL = ("local", "cyrusv2")


# All states for `plain' and `ways_out'; the others differ from them in few rules.
FEW_STATES = {"words": ("full", "missing"), "luser": ("missing",), "local_relay": ("missing",), "mailhub": ("missing",), "reject": ("missing",), "lmtp": ("empty",), "hub": ("full", "missing"), "bsd": ("empty",), "stock": ("full", "missing", "wrong"), "map": ("full", "damaged", "elsewhere")}


def addresses():
    return [line.split("\t", 1) for line in lines_of(HERE / "addresses.txt")]


def configs():
    texts = CONFIGS | {name: config_named(name) for name in ("hub", "bsd")}
    return {name: text for name, text in texts.items() if "FEATURE(`tsmtp'" in text}


def write(work):
    query = [f"/parse {address}" for _, address in addresses()]
    for name, text in configs().items():
        for state in FEW_STATES.get(name, STATES):
            write_job(work, f"all-{name}-{state}", text, state, query)


def check(work, *_):
    failures = []
    for name in configs():
        for state in FEW_STATES.get(name, STATES):
            job = work / "jobs" / f"all-{name}-{state}"
            replies = answers(job)
            if len(replies) < len(addresses()):
                failures.append(f"{job.name}: only {len(replies)} answers; {(job / 'answer').read_text()[-500:]}")
            for (kind, address), reply in zip(addresses(), replies):
                route = Route(reply)
                if not allowed(name, kind, state, route):
                    failures.append(f"{job.name}: {kind} {address} -> {route}")
    return failures


def allowed(config, kind, state, route):
    if kind == "in":
        held = route.mailer == "error" and route.host == ("5.7.0" if config == "reject" else "4.7.0")
        refused = route.mailer == "error" and route.host.startswith("5.1.")
        tunnel = route.mailer == "tsmtp" and route.host == "[127.0.5.2]" and state == "full"
        # tables/wrong has a line that makes a recipient local.
        local = route.mailer in MAILERS_LOCAL and state == "wrong" and "@" not in route.user
        return held or refused or tunnel or local
    if kind == "out":
        return route.mailer in MAILERS_OUT and (not route.temporary or state in ("missing", "damaged"))
    return route.mailer in MAILERS_LOCAL and re.match(r"taro\b|postmaster$|birl\b", route.user)
