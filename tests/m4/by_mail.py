"""What really leaves: mails to all addresses of addresses.txt, and the mail servers that hear of them (ears.pl).

In the container, all names that a site or the outside has are addresses of ears, on port 25 and on 5000.
"""

from fail_closed import addresses
from generated import ODD, SITE_LITERALS
from jobs import CONFIGS, config_named, write_job

ENDPOINT = "127.0.5.2:5000"
CASES = {
    # name: configuration, state of the mailertable, what is done to the .cf, ears beside those outside
    "mail-full": ("plain", "full", "", (ENDPOINT,)),
    "mail-empty": ("plain", "empty", "", ()),
    "mail-waysout-full": ("ways_out", "full", "", (ENDPOINT,)),
    "mail-waysout-missing": ("ways_out", "missing", "", ()),
    "mail-waysout-wrong": ("ways_out", "wrong", "", ()),
    # What m4 forbids, put into the .cf by hand, while no relayd runs: sendmail itself goes to port 5000 of that host.
    "mail-fallback": ("plain", "full", "s/^#O FallbackSmartHost.*/O FallbackSmartHost=fallback.outside.example/", ()),
    "mail-fallbackmx": ("plain", "missing", "s/^#O FallbackMXhost.*/O FallbackMXhost=fallback.outside.example/", ()),
    # An endpoint on another host is in clear.
    "mail-abroad": ("plain", "abroad", "", ()),
    # Rule set 5: a site's domain is local here as well, and local names are another host's; unknown ones go to a site.
    "mail-local": ("mailhub", "full", "", ()),
    "mail-luser": ("luser", "full", "", ()),
    "mail-relay": ("local_relay", "full", "", ()),
    # Address literals and what else leads to the site by its address, with its ears on port 25.
    "mail-literals": ("plain", "full", "", ()),
}
BOUNCE = "bounce-empty"


def write(work):
    for name, (config, state, edit, ears) in CASES.items():
        inside = [address for kind, address in addresses() if kind == "in"]
        if name in ("mail-fallback", "mail-abroad"):   # mailq tells one reason only
            inside = ["anna@birl.example", "fritz@fit.birl.example"]
        if name == "mail-local":
            inside = ["anna@birl.example"]
        if name in ("mail-luser", "mail-relay"):
            inside = ["nobodysbirl@tokyo.example", "nobodysbirl", '"nobody@birl.example ("@tokyo.example']
        if name == "mail-literals":
            inside = [f"birl@{host}" for host in SITE_LITERALS + ODD] + [f"<x@[192.0.2.30]:{host}>" for host in SITE_LITERALS + ODD]
        write_mail(work, name, config, state, edit, ears, inside + ["joe@outside.example"], "taro@tokyo.example",
                   {"local-host-names": b"tokyo.example\nbirl.example\n"} if name == "mail-local" else None)
    write_mail(work, BOUNCE, "plain", "empty", "", (), ["nosuch@outside.example", "joe@outside.example"], "anna@birl.example")


def write_mail(work, name, config, state, edit, ears, recipients, sender, files=None):
    job = write_job(work, name, config_named(config), state, files=files)
    (job / "recipients").write_text("".join(address + "\n" for address in recipients))
    (job / "sender").write_text(sender)
    (job / "edit").write_text(edit)
    (job / "ears").write_text(" ".join(ears))


def check(work, *_):
    failures = []
    for name in (*CASES, BOUNCE):
        job = work / "jobs" / name
        heard = [line.split(" ", 1) for line in (job / "heard").read_text().splitlines() if " " in line]
        outside = [(ear, line) for ear, line in heard if ear != ENDPOINT and line.upper().startswith("RCPT")]
        if name != BOUNCE:
            failures += [f"{name}: {ear} was told {line}" for ear, line in outside if "birl" in line.replace("\\", "").replace('"', "").lower()]
            failures += [f"{name}: {ear} was told {line}" for ear, line in outside if "192.0.2.77" in line or ear.startswith(("192.0.2.20:", "192.0.2.77:"))]
            through = sum(1 for ear, line in heard if ear == ENDPOINT and line.startswith("RCPT"))
            if (ENDPOINT in CASES[name][3]) != (through > 5):
                failures.append(f"{name}: {through} recipients through the endpoint")
        elif any("anna" in line for _, line in outside):
            failures.append(f"{name}: the bounce left: {outside}")
        if not any("joe@" in line for _, line in outside):
            failures.append(f"{name}: the ears did not even hear of the mail to the outside: they prove nothing")
        queue = (job / "queue").read_text()
        if name in ("mail-fallback", "mail-abroad") and "is tunnel-only, and not for host [192.0.2." not in queue:
            failures.append(f"{name}: mailq does not say why: {queue[-600:]}")
        if name == "mail-local" and "is tunnel-only, but a local name too" not in queue + (job / "sent").read_text():
            failures.append(f"{name}: mailq does not say why: {queue[-600:]}")
        if name == "mail-local" and any("anna" in line for _, line in outside):
            failures.append(f"{name}: the mail hub was told: {outside}")
        if name in ("mail-empty", BOUNCE) and "is tunnel-only, but would leave by mailer esmtp" not in queue + (job / "sent").read_text():
            failures.append(f"{name}: mailq does not say why: {queue[-600:]}")
    return failures
