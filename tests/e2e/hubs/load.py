"""Mails from clients to both sites' hubs, each with a number of its own, and what became of them."""
import collections
import random
import re
import smtplib
import threading
import time

from lab import CLIENTS, other

LINE = "x" * 60
TEXT = "From: load@{near}.example\r\nTo: load@{far}.example\r\nSubject: mail {mail}\r\n\r\n{lines}\r\n"


class Load:
    """Clients who hand mails over to any hub of a site, as a list or several MX have it: the next one, if one does not take it."""

    def __init__(self, lab, seed, clients, pause):
        self.lab, self.pause = lab, pause
        self.accepted = {}  # mail: when a hub said 250, and which
        self.unsure = set()  # handed over, but no answer came: it may arrive
        self.lock = threading.Lock()
        self.number = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(random.Random(f"{seed} {one}"),), daemon=True) for one in range(clients)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def client(self, chance):
        while not self.over.wait(self.pause * chance.uniform(0.5, 1.5)):
            near = chance.choice(("tokyo", "birl"))
            hubs = self.lab.of(near)
            chance.shuffle(hubs)
            for hub in hubs:
                if self.over.is_set() or self.hand_over(near, hub, chance):
                    break

    def hand_over(self, near, hub, chance):
        with self.lock:
            self.number += 1
            mail = f"{near}-{self.number}"
        lines = "\r\n".join([LINE] * chance.choice((1, 10, 1000)))
        text = TEXT.format(near=near, far=other(near), mail=mail, lines=lines)
        try:
            with smtplib.SMTP(hub.address, 25, "clients", 20, (CLIENTS, 0)) as smtp:
                smtp.ehlo()
                if smtp.mail(f"load@{near}.example")[0] != 250 or smtp.rcpt(f"load@{other(near)}.example")[0] != 250:
                    return False
                self.unsure.add(mail)
                code, _ = smtp.data(text)
        except smtplib.SMTPDataError:
            code = 451
        except (OSError, smtplib.SMTPException):
            return False  # the next one may take it, under another number: if this one was taken, it stays unsure
        self.unsure.discard(mail)
        if code == 250:
            self.accepted[mail] = time.time(), hub.name
        return code == 250


class Arrivals:
    """What is in the mailboxes. A far sendmail that died may write one mail into the mailbox twice, so its own number counts.

    A near sendmail removes the text of a mail that is done, and then its envelope. One that dies between the two sends it again without the
    text: "<<< No Message Collected >>>", which is another mail as far as anybody can tell, and neither the mail nor a second one of it.
    """

    def __init__(self, lab):
        self.taken = collections.defaultdict(set)  # mail: hubs with their sendmail's numbers of it
        self.without_text = 0
        for hub in lab.hubs:
            for text in re.split(r"^From ", hub.run("cat", "/var/mail/load").stdout, flags=re.MULTILINE):
                number = re.search(r"^Received:[^;]*?\bid (\w+)", text, flags=re.MULTILINE)
                mail = re.search(r"^Subject: mail (\S+)$", text, flags=re.MULTILINE)
                if not number or not mail:
                    continue
                if text.partition("\n\n")[2].strip() in ("", "<<< No Message Collected >>>"):
                    self.without_text += 1
                else:
                    self.taken[mail[1]].add((hub.name, number[1]))

    def twice(self):
        return {mail: where for mail, where in self.taken.items() if len(where) > 1}


class Waiting:
    """The queues of all hubs: mails there, and why."""

    def __init__(self, lab):
        self.mails, self.reasons = set(), collections.Counter()
        for hub in lab.hubs:
            # Headers in a queue file follow H and two question marks.
            queue = hub.run("sh", "-c", "cat /var/spool/mqueue/qf* 2>/dev/null").stdout
            self.mails |= set(re.findall(r"^H\?\?Subject: mail (\S+)$", queue, flags=re.MULTILINE))
            self.reasons.update(re.findall(r"^ +\((.*)\)$", hub.run("mailq").stdout, flags=re.MULTILINE))
