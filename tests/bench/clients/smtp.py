"""As much of SMTP as the loads need: one session, mails one behind the other, no pipelining."""

import socket
import time

ENVELOPE = (b"MAIL FROM:<taro@tokyo.example>", b"RCPT TO:<anna@birl.example>", b"DATA")
SMALL = b"Subject: small\r\n\r\n" + (b"x" * 70 + b"\r\n") * 57


class Refused(Exception):
    pass


class Session:
    def __init__(self, host, port, timeout=600):
        self.connection = socket.create_connection((host, port), timeout)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self.connection.makefile("rb")
        self._expect(b"2")
        self.say(b"EHLO mx.tokyo.example")

    def say(self, command, expected=b"2"):
        self.connection.sendall(command + b"\r\n")
        self._expect(expected)

    def mail(self, blocks):
        """`blocks`: what can be sent, whole lines without dots at their beginning."""
        for command in ENVELOPE:
            self.say(command, b"3" if command == b"DATA" else b"2")
        for block in blocks:
            self.connection.sendall(block)
        self.say(b".")

    def _expect(self, first):
        while True:
            line = self._replies.readline()
            if line[3:4] != b"-":
                break
        if not line.startswith(first):
            raise Refused(line.decode(errors="replace").strip() or "connection closed")


def timed(action, *arguments):
    begin = time.monotonic()
    action(*arguments)
    return time.monotonic() - begin
