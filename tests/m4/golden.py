"""Our lines in a .cf, against golden/, and what m4 says to a mistake, against errors.txt.

Only our lines are compared, so that another release of sendmail changes nothing here.
"""

import difflib
import re

from jobs import CONFIGS, HERE, config_named, lines_of, write_job

EXAMPLES = ("hub", "departmental", "nullclient", "bsd")
GOLDEN = (*CONFIGS, *EXAMPLES)
OURS = re.compile(r"tsmtp|_NULL_|^DS|^O Fallback", re.IGNORECASE)


def errors():
    return [line.split("\t", 1) for line in lines_of(HERE / "errors.txt")]


def write(work):
    for name in GOLDEN:
        write_job(work, f"golden-{name}", config_named(name))
    head = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`debian')dnl\n"
    for number, (_, lines) in enumerate(errors()):
        write_job(work, f"error-{number}", head + lines.replace("\\n", "\n") + "\n")


def check(work, *options):
    failures = []
    for name in GOLDEN:
        path = HERE / "golden" / f"{name}.cf"
        lines = ours((work / "jobs" / f"golden-{name}" / "cf").read_text())
        if "--update" in options:
            path.write_text(lines)
        known = path.read_text() if path.exists() else ""
        if lines != known:
            failures.append(f"golden/{name}.cf:\n" + "\n".join(
                difflib.unified_diff(known.splitlines(), lines.splitlines(), "expected", "made", lineterm="")))
    for number, (expected, lines) in enumerate(errors()):
        said = (work / "jobs" / f"error-{number}" / "m4.err").read_text()
        if expected not in said.replace("MAILER('", "MAILER("):
            failures.append(f"errors.txt: {lines}: m4 says {said!r}, expected {expected!r}")
    return failures


def ours(cf):
    """Lines that name us, and whole rule sets of ours; comments and blanks aside."""
    kept, inside = [], False
    for line in cf.splitlines():
        if line.startswith("Mtsmtp"):
            inside = True
        elif re.match(r"S\w", line):
            inside = bool(re.match(r"STsmtp(?!Route|TlsRcpt)|Sparse=0|SLocal_(check_mail|check_rcpt|localaddr)$", line))
        elif not re.match(r"[R\t]|#|$", line):
            inside = False
        if line and not line.startswith("#") and (inside or OURS.search(line)):
            kept.append(re.sub(r"[ \t]+", " ", line))
    return "\n".join(kept) + "\n"
