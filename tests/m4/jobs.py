"""Jobs for inside.sh: what sendmail is to be made of and asked, and how its answers are read."""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONFIGS = {path.stem: path.read_text() for path in sorted((HERE / "configs").glob("*.mc"))}

# Of the mailertable: a file of tables/, or none, or one that was spoilt.
STATES = ("full", "missing", "empty", "damaged", "wrong", "elsewhere")

HOSTS = """127.0.0.1 localhost
192.0.2.10 hub.tokyo.example
192.0.2.20 hub.birl.example birl.example fit.birl.example
192.0.2.30 mx.outside.example outside.example smart.outside.example fallback.outside.example
192.0.2.30 uucp.outside.example bitnet.outside.example decnet.outside.example fax.outside.example luser.outside.example
192.0.2.30 other.example
192.0.2.40 paris.example
192.0.2.41 notbirl.example
192.0.2.42 sales.tokyo.example
192.0.2.10 tokyo.example
2001:db8::20 hub6.birl.example
2001:db8::30 mx6.outside.example
127.0.5.2 birl.tsmtp
10.11.0.2 mail.sales.tokyo.example
"""

ETC = {
    "local-host-names": "tokyo.example\n",
    "relay-domains": "sales.tokyo.example\n10.11.0\n",
    "tsmtp-domains": "# made from relayd.toml\nbirl.example\n[192.0.2.77]\n[IPv6:2001:db8:0:0:0:0:0:88]\n",
    "tsmtp-sites": "birl.example\t127.0.5.2\n127.0.5.2\tbirlinghoven\n[192.0.2.77]\t127.0.5.2\n[IPv6:2001:db8:0:0:0:0:0:88]\t127.0.5.2\n"
                   "paris.example\t127.0.6.3\n127.0.6.3\tparis\n",
    "virtusertable": "@virtual.example\t%1@birl.example\nvip@away.birl.example\tjoe@outside.example\n"
                     "gone@away.birl.example\terror:nouser 550 Gone\n",
    "access": "Connect:127\tRELAY\nConnect:10.11.5\tRELAY\nTsmtpFrom:news@birl.example\tOK\n"
              "TsmtpConnect:192.0.2.78\tOK\nTsmtpLists:127.0.6.3\tOK\nTsmtpTo:other.example\tOK\n",
}


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def config_named(name):
    """One of configs/, or of the examples."""
    if name in CONFIGS:
        return CONFIGS[name]
    text = (ROOT / "m4/examples" / f"{name}.mc").read_text()
    if "m4/cf.m4" in text.split("divert(0)")[1]:
        return text
    return "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n" + text


def write_job(work, name, config, state=None, query=None, files=None, after=None):
    """A job with the usual files in /etc/mail, or others (bytes), and the mailertable in a state: text of `tables`, or spoilt.

    What happens `after' m4 has run are shell commands in /etc/mail.
    """
    job = work / "jobs" / name
    etc = job / "etc"
    etc.mkdir(parents=True)
    (job / "config.mc").write_text(config)
    maps, damaged = ["tsmtp-sites", "virtusertable", "access"], []
    for file, text in ETC.items():
        (etc / file).write_text(text)
    for file, content in (files or {}).items():
        (etc / file).write_bytes(content)
    if after is not None:
        (job / "after").write_text(after)
    if state is not None and state != "missing":
        (etc / "mailertable").write_text((HERE / "tables" / (state if state != "damaged" else "full")).read_text())
        maps.append("mailertable")
    if state == "damaged":
        damaged.append("mailertable")
    (job / "maps").write_text("\n".join(maps) + "\n")
    (job / "damaged").write_text("\n".join(damaged) + "\n")
    if query is not None:
        (job / "query").write_text("".join(line + "\n" for line in query))
    return job


def answers(job):
    """What sendmail -bt said to each line it was asked, one text for each line that is answered."""
    return re.split(r"^(?:> )+", (job / "answer").read_text(errors="replace"), flags=re.MULTILINE)[1:]


class Route:
    """Where /parse says that an address goes: mailer, host, user; for an error the mailer is `error`, the host its code."""

    def __init__(self, answer):
        found = re.search(r"^mailer (.*?), (?:host (.*?), )?user (.*)$", answer, re.MULTILINE)
        self.mailer, self.host, self.user = ("none", "", "")
        if found:
            self.mailer, self.host, self.user = (found.group(n) or "" for n in (1, 2, 3))
        self.mailer = self.mailer.strip("*")
        self.temporary = "status 75" in answer

    def __str__(self):
        return f"{self.mailer}\t{self.host}\t{self.user}"
