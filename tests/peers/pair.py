#!/usr/bin/env python3
"""Sends every mail of mails.py from one MTA to another, directly and through relayd, and compares what arrives.

    pair.py NEAR FAR [KIND...]

The lab must run, with PEERS_PREFIX and PEERS_STATE as it had them. A mail is submitted once, for the
recipients of all ways, so what the near MTA makes of it is the same for all, and only the dialogues differ.
"""

import contextlib
import ctypes
import difflib
import os
import pathlib
import smtplib
import subprocess
import sys
import time

from mailboxes import Delivered, Mailboxes, reports
from mails import all_mails

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = os.environ.get("PEERS_PREFIX", "tsmtp-peers")
STATE = pathlib.Path(os.environ["PEERS_STATE"])
DEADLINE_SECONDS = int(os.environ.get("PEERS_DEADLINE", "400"))
FLUSH_SECONDS = 2

# MTAs that know SMTPUTF8.
INTERNATIONAL = {"postfix", "exim"}

# What an MTA does not take from its own clients.
NOT_SUBMITTED = {
    ("opensmtpd", "never"): "answers NOTIFY=NEVER with 553",
}


class Failed(Exception):
    pass


class Pair:
    def __init__(self, near, far):
        self.near, self.far = near, far
        self.boxes = Mailboxes(STATE)

    def hosts(self):
        return [f"near-{self.near}", f"far-{self.far}"]

    def address_of_near(self):
        for line in (STATE / "etc/hosts").read_text().splitlines():
            address, name = line.split()
            if name == f"{self.near}.near.example":
                return address
        raise KeyError(self.near)

    def submit(self, mail):
        with in_the_lab():
            client = smtplib.SMTP(self.address_of_near(), 5000, "client.near.example", 60, ("127.0.0.1", 0))
        client.ehlo()
        if "SMTPUTF8" in mail.parameters:
            client.command_encoding = "utf-8"
        expect(250, client.mail(f"{mail.sender(self.far)}@{self.near}.near.example", mail.parameters), "MAIL")
        for way in mail.ways(self.near):
            for recipient in mail.recipients:
                to = recipient.address(self.near, way, self.far)
                expect(250, client.rcpt(to, recipient.parameters()), f"RCPT {to}")
        expect(250, client.data(mail.content), "DATA")
        client.quit()

    def not_submitted(self, mail):
        """Why the near MTA cannot be given this mail, if so."""
        if "SMTPUTF8" in mail.parameters and self.near not in INTERNATIONAL:
            return "does not know SMTPUTF8"
        return NOT_SUBMITTED.get((self.near, mail.kind))

    def expects_delivery(self, mail):
        return "SMTPUTF8" not in mail.parameters or self.far in INTERNATIONAL

    def reports(self, mail):
        found = {}
        for raw in self.boxes.mails(f"near-{self.near}", mail.sender(self.far)):
            found.update(reports(raw))
        return found

    def unsettled(self, mail):
        """Those of whom it is not known yet what became of the mail: neither in the mailbox, nor reported as it should be."""
        told = self.reports(mail)
        waiting = []
        for way in mail.ways(self.near):
            for recipient in mail.recipients:
                who = recipient.local_part(self.near, way)
                delivers = recipient.exists and self.expects_delivery(mail)
                if delivers and not self.boxes.files(f"far-{self.far}", who):
                    waiting.append(who)
                elif report_is_due(recipient, delivers) and who not in told:
                    waiting.append(f"report on {who}")
        return waiting

    def await_all(self, mails):
        """Waits until every mail is settled, and returns those that are not in time, with who is missing."""
        begin = flushed = time.monotonic()
        while True:
            waiting = {mail.kind: missing for mail in mails if (missing := self.unsettled(mail))}
            now = time.monotonic()
            if not waiting or now - begin > DEADLINE_SECONDS:
                return waiting
            if now - flushed > FLUSH_SECONDS:
                # The far MTA has a queue too: the reports that it could not hand over at once.
                for host in self.hosts():
                    lab("flush", host)
                flushed = time.monotonic()
            time.sleep(0.1)

    def compare(self, mail):
        """Complaints about what arrived. The direct way is the measure, if it did what it should at all."""
        complaints = []
        told = self.reports(mail)
        for recipient in mail.recipients:
            measure = None
            for way in mail.ways(self.near):
                who = recipient.local_part(self.near, way)
                raw = self.boxes.mails(f"far-{self.far}", who)
                wanted = 1 if recipient.exists and self.expects_delivery(mail) else 0
                if len(raw) != wanted:
                    complaints.append(f"{who}: delivered {len(raw)} times, not {wanted}")
                arrived = [Delivered(one, mail.content) for one in raw], told.get(who)
                if measure is None:
                    measure = arrived
                else:
                    complaints += differences(who, measure, arrived)
        return complaints

    def forget(self, mail):
        """A large mail is not kept once it is compared."""
        for way in mail.ways(self.near):
            for recipient in mail.recipients:
                for path in self.boxes.files(f"far-{self.far}", recipient.local_part(self.near, way)):
                    path.write_bytes(b"")


@contextlib.contextmanager
def in_the_lab():
    """Sockets made inside belong to the lab's network namespace. (os.setns came after Python 3.11.)"""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as here, open(f"/run/netns/{PREFIX}") as there:
        def enter(namespace):
            if libc.setns(namespace.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        enter(there)
        try:
            yield
        finally:
            enter(here)


def report_is_due(recipient, delivers):
    if recipient.notify == "NEVER":
        return False
    return not delivers or "SUCCESS" in recipient.notify


def differences(who, measure, arrived):
    complaints = []
    for direct, other in zip(measure[0], arrived[0]):
        if direct.comparable() != other.comparable():
            complaints.append(f"{who}: not what the direct way delivers:\n" + first_differences(direct, other))
        if direct.received != other.received:
            complaints.append(f"{who}: Received {other.received}, but directly {direct.received}")
    if comparable_report(measure[1], who) != comparable_report(arrived[1], who):
        complaints.append(f"{who}: reported {arrived[1]}\n    but directly {measure[1]}")
    return complaints


def comparable_report(report, who):
    """Exim's driver for LMTP over unix sockets does not report what it was told."""
    return report and ({"action": report["action"]} if who.endswith(".exim.unix") else report)


def first_differences(direct, other):
    diff = difflib.unified_diff(direct.comparable(), other.comparable(), b"direct", b"other", n=1)
    lines = []
    for line in diff_bytes(diff):
        lines.append("    " + (line if len(line) < 160 else f"{line[:150]}... ({len(line)} characters)"))
        if len(lines) > 12:
            break
    return "\n".join(lines)


def diff_bytes(diff):
    return (repr(line)[2:-1] for line in diff)


def few(complaints, separator):
    more = len(complaints) - 5
    return separator.join(complaints[:5]) + (f"{separator}and {more} more" if more > 0 else "")


def expect(code, answer, what):
    if answer[0] != code:
        raise Failed(f"near MTA answers {what} with {answer[0]} {answer[1].decode(errors='replace')}")


def lab(*command):
    done = subprocess.run([HERE / "lab", *command], capture_output=True, text=True)
    return done.stdout + done.stderr


def end_of_log(host, lines=60):
    """Of the MTA's own log, whatever its name there."""
    texts = (path.read_text(errors="replace") for path in sorted((STATE / "log" / host).rglob("*")) if path.is_file())
    return "\n".join(line for text in texts for line in text.splitlines()[-lines:])


def main(near, far, *kinds):
    pair = Pair(near, far)
    complaints = []
    submitted = []
    for mail in all_mails():
        if kinds and mail.kind not in kinds:
            continue
        if why := pair.not_submitted(mail):
            print(f"{near} -> {far}, {mail.kind}: left out, {near} {why}")
            continue
        try:
            pair.submit(mail)
            submitted.append(mail)
        except Failed as failure:
            complaints.append(f"{near} -> {far}, {mail.kind}: {failure}")
    late = pair.await_all(submitted)
    for mail in submitted:
        if mail.kind in late:
            complaints.append(f"{near} -> {far}, {mail.kind}: after {DEADLINE_SECONDS} s still missing {few(late[mail.kind], ', ')}")
        if found := pair.compare(mail):
            complaints.append(f"{near} -> {far}, {mail.kind}: " + few(found, "\n  "))
        if mail.kind == "large":
            pair.forget(mail)
    if late:
        complaints += [f"queue of {host}:\n" + lab("queue", host) for host in pair.hosts()]
        complaints.append(lab("show", far))
        complaints += [f"end of what {host} logged:\n" + end_of_log(host) for host in pair.hosts()]
    print("\n".join(complaints) or f"{near} -> {far}: {len(submitted)} mails are the same whichever way they go")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
