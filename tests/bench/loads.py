"""What is sent, and who takes it. A load returns the seconds it took."""

import subprocess
import time

from peers import MTA_PORT, greets
from programs import BenchError, wait_for

SENDER = "taro@tokyo.example"
RECIPIENT = "anna@birl.example"
MAIL_BYTES = 4096


def start_sink(tools, place):
    """An MTA that takes everything and keeps nothing."""
    sink = place.far.start("smtp-sink", [tools / "smtp-sink", "-u", "nobody", f"0.0.0.0:{MTA_PORT}", "1024"])
    wait_for(lambda: greets(place.far, "127.0.0.1", MTA_PORT), "smtp-sink's greeting")
    return sink


def smtp_source(tools, place, entry, mails, sessions=1, reuse=False):
    """Mails by Postfix's load generator, which does not pipeline; a connection for each unless `reuse`."""
    command = [tools / "smtp-source", "-s", sessions, "-m", mails, "-l", MAIL_BYTES, "-f", SENDER, "-t", RECIPIENT]
    begin = time.monotonic()
    place.near.run(command + (["-d"] if reuse else []) + [f"{entry[0]}:{entry[1]}"])
    return time.monotonic() - begin


class SendmailQueue:
    """Debian's sendmail with a queue of its own, and the entry of a tunnel for all mail."""

    def __init__(self, sendmail, work, entry):
        self._queue = work / "mqueue"
        self._queue.mkdir(exist_ok=True, mode=0o700)
        (work / "service.switch").write_text("hosts files\naliases files\n")
        self._cf = work / "sendmail.cf"
        self._sendmail = sendmail / "sendmail"
        self._cf.write_text(subprocess.run(
            [sendmail / "make-cf", entry[0], str(entry[1]), work], check=True, stdout=subprocess.PIPE, text=True).stdout)

    def fill(self, place, mails):
        body = "Subject: bench\n\n" + ("x" * 71 + "\n") * (MAIL_BYTES // 72)
        for _ in range(mails):
            place.near.run([self._sendmail, f"-C{self._cf}", "-odq", "-i", "-f", SENDER, RECIPIENT], input=body)

    def run(self, place):
        begin = time.monotonic()
        place.near.run([self._sendmail, f"-C{self._cf}", "-qf"])
        took = time.monotonic() - begin
        left = [entry.name for entry in self._queue.iterdir() if entry.name.startswith("qf")]
        if left:
            raise BenchError(f"sendmail left {len(left)} mails in its queue")
        return took
