"""What is sent, at the near end. A load returns the seconds it took, or what its client measured."""

import shutil
import time
from pathlib import Path

from programs import BenchError

SENDER = "taro@tokyo.example"
RECIPIENT = "anna@birl.example"
MAIL_BYTES = 4096
CLIENTS = Path(__file__).resolve().parent / "clients"


def smtp_source(tools, peer, mails, sessions=1, reuse=False, patience=60):
    """Mails by Postfix's load generator, which does not pipeline; a connection for each unless `reuse`."""
    command = [tools.postfix / "smtp-source", "-s", sessions, "-m", mails, "-l", MAIL_BYTES, "-f", SENDER, "-t", RECIPIENT]
    begin = time.monotonic()
    peer.place.near.run(command + (["-d"] if reuse else []) + [f"{peer.entry[0]}:{peer.entry[1]}"], patience=patience)
    return time.monotonic() - begin


def client_command(peer, script, *arguments):
    return ["python3", "-B", CLIENTS / script, *peer.entry, *arguments]


def client(peer, script, *arguments, patience=60):
    """One of clients/; the numbers that it prints."""
    said = peer.place.near.run(client_command(peer, script, *arguments), patience=patience)
    return [float(word) for word in said.split()]


def bulk(peer, streams, amount, patience=60):
    """Bytes a second; `amount`: bytes of each stream, or "3s"."""
    size, seconds = client(peer, "bulk.py", streams, amount, patience=patience)
    return size / seconds


class SendmailQueue:
    """Debian's sendmail with a queue of its own, and the entry of a peer for all mail."""

    def __init__(self, tools, peer):
        self._sendmail = tools.sendmail
        self._end = peer.place.near
        self._config = tools.sendmail_cf("queue.mc", peer.work, ENTRY_HOST=peer.entry[0], TSMTP_PORT=peer.entry[1],
                                         CERTS=None if peer.is_tunnel else peer.keys)
        self._queue = (peer.work / "mqueue").resolve()

    def fill(self, mails, size=MAIL_BYTES):
        for left in self._queue.iterdir():  # by a run that failed
            left.unlink()
        body = "Subject: bench\n\n" + ("x" * 71 + "\n") * (size // 72)
        self._end.run([self._sendmail, f"-C{self._config}", "-odq", "-i", "-f", SENDER, RECIPIENT], input=body)
        first = self._queued()[0][2:]
        for copy in range(1, mails):
            for kind in ("df", "qf"):  # a queue file does not say its own name
                shutil.copy(self._queue / (kind + first), self._queue / f"{kind}{first[:8]}{copy:06d}")

    def run(self, patience=60):
        begin = time.monotonic()
        self._end.run([self._sendmail, f"-C{self._config}", "-qf"], patience=patience)
        took = time.monotonic() - begin
        left = self._queued()
        if left:
            raise BenchError(f"sendmail left {len(left)} mails in its queue: {self._reason(left[0])}")
        return took

    def _queued(self):
        return [entry.name for entry in self._queue.iterdir() if entry.name.startswith("qf")]

    def _reason(self, name):
        lines = (self._queue / name).read_text(errors="replace").splitlines()
        return next((line[1:] for line in lines if line.startswith("M")), "no reason given")
