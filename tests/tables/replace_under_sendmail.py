#!/usr/bin/env python3
"""Replaces a table again and again, by builds that are killed at random moments too, while real sendmails look names up in it: long-lived
ones, and new ones. No lookup may ever miss, or see an older table after a newer one, and all must see the last table in the end. A
sendmail that looks at the file's status, and opens it when it was replaced in between, answers with temporary failures from then on,
whatever replaces the file (map.c, "file changed after pre-open"). That may happen, the likelier the longer a busy machine lets it
wait between the two; it is seldom, and costs time and no mail.

usage: replace_under_sendmail.py SENDMAIL SENDMAIL_CF_TREE OUR_MAILERTABLE [REPLACEMENTS [SEED]]
"""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
ENTRIES = 400
LOOKUP = re.compile(rb"map_lookup: mailertable \((\S+)\) [^>]*?(?:returns (\S+) \(0\)|no match \((\d+)\))")
TEMPFAIL = 75


class Sendmail:
    """One `sendmail -bt`. Every table says its number in all its values; its answers come when its buffer is full, or at its end."""

    def __init__(self, sendmail, cf):
        self.process = subprocess.Popen([sendmail, "-bt", f"-C{cf}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.answers = []  # numbers of tables, None for a miss
        self.deferred = 0
        self.deferrals = 0  # how often that began
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def ask(self, times):
        for _ in range(times):
            self.process.stdin.write(b"/map mailertable host%d.example\n" % random.randrange(ENTRIES))
        self.process.stdin.flush()

    def read(self):
        was_deferred = False
        for found in LOOKUP.finditer(self.process.stdout.read()):
            is_deferred = bool(found[3]) and int(found[3]) == TEMPFAIL
            self.deferrals += is_deferred and not was_deferred
            was_deferred = is_deferred
            if is_deferred:
                self.deferred += 1
            else:
                self.answers.append(int(re.sub(rb"\D", b"", found[2])) if found[2] else None)

    def end(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.reader.join()

    def complaint(self, asked, last):
        if len(self.answers) + self.deferred != asked:
            return f"{len(self.answers)} answers to {asked} questions"
        if self.deferrals > 1:
            return f"lookups failed for a time {self.deferrals} times"
        if None in self.answers:
            return f"{self.answers.count(None)} lookups missed"
        if self.answers != sorted(self.answers):
            return "an older table after a newer one"
        return None if self.deferrals or self.answers[-1] == last else f"the last lookup saw table {self.answers[-1]}, not {last}"


def write_source(path, number):
    path.write_text("".join(f"host{i}.example\ttsmtp:[t{number}.example]\n" for i in range(ENTRIES)))


def build(mailertable, source, table, kill_after=None):
    """Whether it ended well."""
    process = subprocess.Popen([mailertable, "build", "-o", str(table), str(source)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if kill_after is not None:
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    error = process.communicate()[1]
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"build: {process.returncode} {error[:300]!r}")
    return process.returncode == 0


def main():
    sendmail, cf_tree, mailertable = sys.argv[1:4]
    replacements = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    rng = random.Random(sys.argv[5] if len(sys.argv) > 5 else None)
    with tempfile.TemporaryDirectory(prefix="replace.") as scratch:
        work = pathlib.Path(scratch)
        cf = work / "sendmail.cf"
        cf.write_bytes(subprocess.run(["m4", f"-D_CF_DIR_={cf_tree}/", f"-DWORK={scratch}", str(HERE / "resolve.mc")], capture_output=True, check=True).stdout)
        (work / "service.switch").write_text("hosts files\naliases files\n")
        source, table = work / "source", work / "mailertable.db"
        write_source(source, 0)
        build(mailertable, source, table)
        readers = [Sendmail(sendmail, cf) for _ in range(3)]
        asked = killed = missed_by_new = 0
        for number in range(1, replacements + 1):
            write_source(source, number)
            for reader in readers:
                reader.ask(20)  # answered while the build runs
            asked += 20
            if number < replacements and rng.random() < 0.4 and not build(mailertable, source, table, rng.uniform(0, 0.07)):
                killed += 1
                continue
            build(mailertable, source, table)
            if number % 50 == 0:  # one that opens the table now
                newcomer = Sendmail(sendmail, cf)
                newcomer.ask(1)
                newcomer.end()
                missed_by_new += newcomer.answers != [number]
        for reader in readers:
            reader.ask(1)
            reader.end()
        leftovers = [name for name in os.listdir(work) if name.startswith(".mailertable.db.")]
        print(f"{replacements} replacements, {killed} of them killed, {len(leftovers)} temporary files left, {asked} lookups by each reader, {sum(reader.deferred for reader in readers)} deferred")
        complaints = [complaint for reader in readers if (complaint := reader.complaint(asked + 1, replacements))]
        if sum(reader.deferrals for reader in readers) > 1:
            complaints.append(f"{sum(reader.deferrals for reader in readers)} of {len(readers)} sendmails opened the table in the instant in which it was replaced")
        if missed_by_new:
            complaints.append(f"{missed_by_new} new sendmails did not see the newest table")
        if len(leftovers) > killed:
            complaints.append("a build that was not killed left its temporary file")
        print("\n".join(complaints) or "every lookup saw one whole table, and none an older one than the one before")
        return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
