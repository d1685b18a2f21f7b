#!/usr/bin/env python3
"""Load on six hubs, and what kills and cuts them, at random, by a seed. Then all is mended, and every mail counted.

    storm.py PREFIX STATE [--seconds N] [--kills N] [--seed N] [--clients N] [--settle N]

`run` has made the hosts. The storm lasts until both the seconds and the kills are reached. It fails if a mail that a hub accepted is
nowhere (lost), if far sendmails accepted one twice, or if more than one in ten waits when all has been whole for a while. A few may wait:
with on_lost_hub = "wait", those whose hub died between its MTA's reply and the outcome, until an administrator decides. Each of these has to
name that hub; a mail that waits for any other reason is a failure.
"""
import argparse
import random
import re
import sys
import threading
import time

from lab import Lab, until
from load import Arrivals, Load, Waiting


class Storm:
    """Deeds of chance. Each is undone by itself after a while; at most two hubs, of all six, are dead at once."""

    def __init__(self, lab, chance):
        self.lab, self.chance = lab, chance
        self.dead, self.cut, self.count = {}, {}, {}

    def deed(self):
        deed = self.chance.choices((self.relayd, self.hub, self.etcd, self.line, self.slapd), (6, 5, 4, 5, 1))[0]
        self.count[deed.__name__] = self.count.get(deed.__name__, 0) + 1
        print(f"{time.strftime('%H:%M:%S')} {deed()}", flush=True)

    def alive(self):
        return [hub for hub in self.lab.hubs if hub not in self.dead]

    def relayd(self):
        hub = self.chance.choice(self.alive())
        hub.kill("relayd")
        return f"{hub.name}: relayd killed"

    def etcd(self):
        hub = self.chance.choice(self.alive())
        hub.kill("etcd")
        return f"{hub.name}: etcd killed"

    def slapd(self):
        self.lab.directory.kill("slapd")
        return "slapd killed"

    def hub(self):
        if len(self.dead) >= 2:
            return self.relayd()
        hub = self.chance.choice(self.alive())
        hub.die()
        self.dead[hub] = time.monotonic() + self.chance.uniform(1, 15)
        return f"{hub.name}: dead"

    def line(self):
        one, two = self.chance.sample(self.lab.hubs, 2)
        if (one, two) in self.cut or (two, one) in self.cut or len(self.cut) >= 4:
            return self.relayd()
        self.lab.line(one, two, "add")
        self.cut[one, two] = time.monotonic() + self.chance.uniform(1, 15)
        return f"{one.name}-{two.name}: line cut"

    def mend(self, at_once=False):
        now = time.monotonic()
        for hub in [hub for hub, until in self.dead.items() if at_once or until < now]:
            hub.come_back()
            del self.dead[hub]
        for pair in [pair for pair, until in self.cut.items() if at_once or until < now]:
            self.lab.line(*pair, "delete")
            del self.cut[pair]

    def blow(self, seconds, kills):
        end = time.monotonic() + seconds
        while time.monotonic() < end or sum(self.count.values()) < kills:
            self.deed()
            time.sleep(self.chance.uniform(0.2, 2))
            self.mend()
        self.mend(at_once=True)


class Pause:
    """Watches how long no mail arrives at a site, by the sizes of its mailboxes, while clients hand mails over."""

    def __init__(self, lab):
        self.lab, self.longest, self.over = lab, {}, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        last = {}
        while not self.over.wait(0.2):
            for site in "tokyo", "birl":
                sizes = [self.size(hub) for hub in self.lab.of(site)]
                before, since = last.get(site, (None, time.monotonic()))
                if sizes != before:
                    last[site] = sizes, time.monotonic()
                    if any(before or []):
                        self.longest[site] = max(self.longest.get(site, 0), time.monotonic() - since)

    @staticmethod
    def size(hub):
        try:
            with open(f"/proc/{hub.init}/root/var/mail/load", "rb") as file:
                return file.seek(0, 2)
        except OSError:
            return None  # it is dead, or nothing has come yet

    def stop(self):
        self.over.set()
        self.thread.join()
        return ", ".join(f"{site} {seconds:.1f} s" for site, seconds in self.longest.items())


def edit_is_seen(lab):
    """One edit of the directory is in the tables of all hubs: after how many seconds."""
    key = f"edit-{time.time_ns()}.example"
    until(30, "the directory takes an edit", lambda: lab.edit(key))
    begin = time.monotonic()
    until(10, "the edit is on all hubs", lambda: len(lab.have_route(key)) == len(lab.hubs))
    return time.monotonic() - begin


def settled(lab, seconds):
    """Waits until no queue has a mail, at most so long: what waits then, waits."""
    deadline = time.monotonic() + seconds
    while True:
        waiting = Waiting(lab)
        if not waiting.mails or time.monotonic() > deadline:
            return waiting
        time.sleep(1)


def count(load, lab, waiting):
    """Prints what became of the mails; false if something was lost or came twice."""
    arrivals = Arrivals(lab)
    lost = [mail for mail in load.accepted if mail not in arrivals.taken and mail not in waiting.mails]
    twice = arrivals.twice()
    print(f"{len(load.accepted)} mails accepted, {len(arrivals.taken)} arrived, {len(load.unsure)} never answered;"
          f" {len(lost)} lost, {len(twice)} twice, {len(waiting.mails)} waiting, {arrivals.without_text} came without their text")
    for reason, number in waiting.reasons.most_common(5):
        print(f"  {number} wait: {reason}")
    for mail in lost[:5]:
        print(f"  lost: {mail}, accepted by {load.accepted[mail][1]}")
    for mail, where in list(twice.items())[:5]:
        print(f"  twice: {mail}, taken as {sorted(where)}")
        trace(lab, mail, where)
    return not lost and not twice


def waits_for_a_hub(reason):
    """Whether a mail waits as on_lost_hub = "wait" has it: its reason names the hub that took it, and tells since when."""
    return re.search(r"hub \w+ took it at \d\d:\d\d:\d\d", reason) is not None


def trace(lab, mail, where):
    """What both sides log of a mail."""
    for hub, number in sorted(where):
        for one in lab.hubs:
            said = one.run("grep", "-h", number, "/var/log/mail.log", "/var/log/relayd.log").stdout
            print("".join(f"    {one.name}: {line[:300]}\n" for line in said.splitlines()), end="")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("prefix")
    arguments.add_argument("state")
    arguments.add_argument("--seconds", type=int, default=40)
    arguments.add_argument("--kills", type=int, default=0)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments.add_argument("--clients", type=int, default=6)
    arguments.add_argument("--settle", type=int, default=120)
    asked = arguments.parse_args()
    print(f"seed {asked.seed}")
    lab = Lab(asked.prefix, asked.state)
    lab.configure()
    load = Load(lab, asked.seed, asked.clients, 0.5)
    load.start()
    pause = Pause(lab)
    storm = Storm(lab, random.Random(asked.seed))
    storm.blow(asked.seconds, asked.kills)
    load.stop()
    longest = pause.stop()
    print(f"an edit of the directory is in the tables of all hubs after {edit_is_seen(lab):.1f} s")
    waiting = settled(lab, asked.settle)
    print(f"{sum(storm.count.values())} deeds: {storm.count}; longest pause of arrivals: {longest}")
    well = count(load, lab, waiting)
    if not well or waiting.mails:
        show(lab)
    odd = [reason for reason in waiting.reasons if not waits_for_a_hub(reason)]
    if waiting.mails and odd:
        print(f"these wait for something else than a lost hub: {odd[:5]}")
    return 0 if well and not (waiting.mails and odd) and len(waiting.mails) * 10 <= len(load.accepted) else 1


def show(lab):
    for hub in lab.hubs:
        print(f"--- {hub.name}")
        print(hub.run("sh", "-c", "relayctl status; tail -n 15 /var/log/relayd.log; mailq | tail -n 12; tail -n 5 /var/log/mail.log; ps -e -o etimes,args | grep sendmail | tail -n 12").stdout)


if __name__ == "__main__":
    sys.exit(main())
