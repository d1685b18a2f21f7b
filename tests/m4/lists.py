"""The list of tunnel-only domains: lines that name no domain, and lists that are emptied, cut or unreadable after m4 has run.

A list that cannot be right must be complained of by m4, which exits 0 all the same, and the .cf it makes must send
nobody's mail to another host.
"""

from jobs import CONFIGS, Route, answers, write_job

GOOD = b"# made from relayd.toml\nparis.example\n"
# What is wrong with a line, and a part of the complaint; the line stands behind a good one.
WRONG = {
    "dot-before": (b".birl.example", "without the leading dot"),
    "dot-behind": (b"birl.example.", "without the trailing dot"),
    "colon": (b"birl.example:", "a domain has no colon"),
    "route": (b"birl.example:tsmtp:[127.0.5.2]", "a domain has no colon"),
    "at": (b"@birl.example", "without @"),
    "user": (b"anna@birl.example", "without @"),
    "star": (b"*.birl.example", "without *."),
    "quotes": (b'"birl.example"', "without quotes"),
    "apostrophes": (b"'birl.example'", "without quotes"),
    "brackets": (b"[birl.example]", "brackets are for addresses"),
    "open-bracket": (b"[192.0.2.77", "its bracket does not end"),
    "two-words": (b"paris.example birl.example", "one domain a line"),
    "value": (b"birl.example\ttsmtp:[127.0.5.2]", "one domain a line"),
    "comment-behind": (b"birl.example # the castle", "one domain a line"),
    "comma": (b"paris.example,birl.example", "one domain a line"),
    "comma-behind": (b"birl.example,", "one domain a line"),
    "semicolon": (b"birl.example;", "one domain a line"),
    "mark": (b"\xef\xbb\xbfbirl.example", "byte order mark"),
    "utf-16": "birl.example\n".encode("utf-16"),
    "u-label": ("b\u00fcrl.example".encode(), "xn--"),
    "latin-1": (b"b\xfcrl.example", "xn--"),
    "no-break-space": (b"birl.example\xa0", "xn--"),
    "carriage-return": (b"birl.example\r", "carriage return"),
    "indented-comment": (b"  # birl.example", "a comment begins in the first column"),
    "nul": (b"birl\0.example", "NUL"),
    "control": (b"birl\x01.example", "xn--"),
    "two-dots": (b"birl..example", "two dots in a row"),
    "long-label": (b"x" * 64 + b".example", "more than 63"),
    "long": (b"x." * 127 + b"example", "longer than a domain can be"),
    "long-line": (b"birl.example" * 300, "too long"),
    "number": (b"192.0.2.20", "in brackets"),
    "octal": (b"[192.0.2.020]", "brackets are for addresses"),
    "ipv6-short": (b"[IPv6:2001:db8::20]", "in full"),
    "ipv6-plain": (b"2001:db8::20", "no colon"),
    "plus": (b"x+y.birl.example", "it is no domain"),
    "slash": (b"birl.example/24", "it is no domain"),
    "hyphen": (b"-birl.example", "it is no domain"),
    "macro": (b"birl.example'divert(-1)", "it is no domain"),
}
# Lists that are right: none of these words is anything to m4.
RIGHT = {
    "plain": b"birl.example\n",
    "blanks": b"  birl.example \t\n\n   \nparis.example",
    "macros": b"divert.example\ndnl.example\ninclude.example\ndefine.len.index\nbirl.example\nshift\nSparse\n_x.example\n",
    "literals": b"birl.example\n[192.0.2.77]\n[IPv6:2001:db8:0:0:0:0:0:88]\n",
    "twice": b"birl.example\nBIRL.example\n",
    "many": b"".join(b"site%d.example\n" % n for n in range(5000)) + b"birl.example\n",
}
# What happens to a list after m4 has run: commands, and what holds anna's mail and joe's then (None: joe's leaves).
LATER = {
    "emptied": (": >tsmtp-domains", "4.7.0", "4.7.0"),
    "comments": ("echo '# birl.example' >tsmtp-domains", "4.7.0", "4.7.0"),
    "cut": ("sed -i '$d' tsmtp-domains", "4.7.0", None),
    "renamed": ("echo other.example >tsmtp-domains", "4.7.0", "4.7.0"),
    "added": ("echo outside.example >>tsmtp-domains", "4.7.0", "4.7.0"),
    "map-emptied": ("rm tsmtp-sites.db; makemap hash tsmtp-sites.db </dev/null", "4.7.0", "4.7.0"),
    "map-missing": ("rm tsmtp-sites.db", "4.3.0", "4.3.0"),
    "map-damaged": ("head -c 3000 /bin/sh >tsmtp-sites.db", "4.3.0", "4.3.0"),
}
LIST = b"# made from relayd.toml\nparis.example\nbirl.example\n"
QUERY = ["/parse anna@birl.example", "/parse joe@outside.example", "/parse taro@tokyo.example"]


def write(work):
    for name, (line, *_) in wrong().items():
        write_job(work, f"error-list-{name}", CONFIGS["plain"], "missing", QUERY, {"tsmtp-domains": line if name == "utf-16" else GOOD + line + b"\n"})
    write_job(work, "error-list-map", CONFIGS["map"], "missing", QUERY, {"tsmtp-sites": b".birl.example\t127.0.5.2\n127.0.5.2\tbirlinghoven\n"})
    write_job(work, "error-list-operators", CONFIGS["plain"].replace("FEATURE(`tsmtp')", "define(`confOPERATORS', `.:@!^/[]+')FEATURE(`tsmtp')"), "missing", QUERY)
    for name, text in RIGHT.items():
        write_job(work, f"list-{name}", CONFIGS["plain"], "missing", QUERY, {"tsmtp-domains": text})
    for name, (after, *_) in LATER.items():
        for config in ("map",) if name.startswith("map") else ("plain", "reject"):
            write_job(work, f"later-{config}-{name}", CONFIGS[config], "missing", QUERY, {"tsmtp-domains": LIST}, after)


def wrong():
    return {name: case if isinstance(case, tuple) else (case, "") for name, case in WRONG.items()}


def check(work, *_):
    failures = []
    for name, (_, expected) in wrong().items() | {("map", (b"", "without the leading dot")), ("operators", (b"", "confOPERATORS without %"))}:
        job = work / "jobs" / f"error-list-{name}"
        said = (job / "m4.err").read_text(errors="replace")
        if "*** ERROR" not in said or expected not in said:
            failures.append(f"{job.name}: m4 says {said!r}, expected {expected!r}")
        failures += judged(job, "4.7.0", "4.7.0")
    for name in RIGHT:
        failures += judged(work / "jobs" / f"list-{name}", "4.7.0", None)
    for name, (_, anna, joe) in LATER.items():
        for config in ("map",) if name.startswith("map") else ("plain", "reject"):
            failures += judged(work / "jobs" / f"later-{config}-{name}", anna, joe, "5.7.0" if config == "reject" else None)
    return failures


def judged(job, anna, joe, also=None):
    """Where the mails of QUERY go: those two held with a code (or let go), taro's here."""
    routes = [Route(reply) for reply in answers(job)[:3]]
    if len(routes) < 3:
        return [f"{job.name}: only {len(routes)} answers: {(job / 'answer').read_text(errors='replace')[-300:]}"]
    failures = []
    for route, code in zip(routes, (anna, joe)):
        good = route.mailer == "error" and route.host in (code, also) if code else route.mailer == "esmtp"
        if not good or ">" in route.user.replace("> ", ""):
            failures.append(f"{job.name}: {route}, expected {code or 'esmtp'}")
    if routes[2].mailer != "local":
        failures.append(f"{job.name}: {routes[2]}, expected local")
    return failures
