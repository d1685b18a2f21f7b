"""What one_source.sh made of two relayd.toml, and did not make of two mistakes."""

import re

EXPECTED = {
    "tsmtp-domains": ["birl.example", "paris.example"],
    "tsmtp-sites.db": ["127.0.5.2\tbirlinghoven", "127.0.6.3\tparis", "127.0.7.3\tparis", "birl.example\t127.0.5.2",
                       "paris.example\t127.0.6.3 127.0.7.3"],
    "mailertable.db": [".birl.example\ttsmtp:[127.0.5.2]", "birl.example\ttsmtp:[127.0.5.2]",
                       "paris.example\ttsmtp:[127.0.6.3]:[127.0.7.3]", "sales.tokyo.example\tesmtp:[mail.sales.tokyo.example]"],
}


def write(_):
    pass


def check(work, *_):
    made = work / "one-source"
    failures = []

    def expect(name, found, wanted):
        if found != wanted:
            failures.append(f"one source: {name}: {found}, expected {wanted}; {(made / (name.split('.')[0] + '.log')).read_text()[-800:]}")

    # m4's complaint of sendmail.mc is make's as well.
    log = (made / "complaint.log").read_text()
    if (made / "complaint.status").read_text().strip() == "0" or "mend that before sendmail is restarted" not in log:
        failures.append(f"one source: make goes on where m4 complains: {log[-500:]}")
    for run, status in (("first", "0"), ("second", "0"), ("mistake", "2"), ("wrong", "2")):
        expect(f"{run}.status", (made / f"{run}.status").read_text().strip(), status)
        for file, lines in EXPECTED.items():
            found = [line for line in (made / f"{run}.{file}").read_text().splitlines() if not line.startswith("#")]
            expect(f"{run}.{file}", found, lines if run != "first" else [line for line in lines if not re.search("paris", line)])
        routes = re.findall(r"^mailer (\S+),", (made / f"{run}.routes").read_text(), re.MULTILINE)
        expect(f"{run}.routes", routes, ["tsmtp", "esmtp" if run == "first" else "tsmtp"])
    return failures
