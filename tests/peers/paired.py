#!/usr/bin/env python3
"""Asks the MTA at 127.0.0.1, port 25, what a hub of tokyo.example must do with the site birl.example at 127.0.5.2, where this program listens."""
import queue
import smtplib
import socketserver
import sys
import threading
import time

SITE = "127.0.5.2"
SITES_SENDER, OWN = "fritz@birl.example", "root@tokyo.example"
arrived = queue.Queue()


class Endpoint(socketserver.StreamRequestHandler):
    """As much of relayd's endpoint as one mail needs."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 endpoint ESMTP")
        recipients = []
        for line in self.rfile:
            command = line.decode().strip().upper()
            if command.startswith(("EHLO", "LHLO")):
                self.say("250-endpoint\r\n250-PIPELINING\r\n250 8BITMIME")
            elif command == "DATA":
                self.say("354 go ahead")
                for text in self.rfile:
                    if text == b".\r\n":
                        break
                for recipient in recipients:
                    arrived.put(recipient)
                self.say("250 2.0.0 taken")
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                if command.startswith("RCPT"):
                    recipients.append(line.decode().split("<")[1].split(">")[0])
                self.say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def connect(source):
    deadline = time.monotonic() + 120
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", 25, "client.example", 60, (source, 0))
        except (OSError, smtplib.SMTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def answer(source, sender, recipient):
    """The code that such a recipient gets; or, if it comes to that, such a sender."""
    with connect(source) as client:
        client.ehlo()
        code, _ = client.mail(sender)
        return client.rcpt(recipient)[0] if code == 250 else code


def main():
    threading.Thread(target=Server((SITE, 5000), Endpoint).serve_forever, daemon=True).start()
    wrong = []
    for what, good, question in (
        ("mail from the site to us", True, (SITE, SITES_SENDER, OWN)),
        ("a bounce from the site to us", True, (SITE, "", OWN)),
        ("mail from the site to others", False, (SITE, SITES_SENDER, "joe@outside.example")),
        ("mail from others to us", True, ("127.0.7.7", "joe@outside.example", OWN)),
        ("mail from others as the site", False, ("127.0.7.7", SITES_SENDER, OWN)),
        ("mail from others as a host of the site", False, ("127.0.7.7", "fritz@fit.birl.example", OWN)),
    ):
        code = answer(*question)
        if (code == 250) != good:
            wrong.append(f"{what}: {code}")
    expected = {"anna@birl.example", "joe@fit.birl.example"}
    with connect("127.0.0.1") as client:
        for recipient in expected:
            client.sendmail(OWN, recipient, "Subject: rosebud\r\n\r\nrosebud\r\n")
    try:
        while expected:
            expected.discard(arrived.get(timeout=120))
    except queue.Empty:
        wrong.append(f"has not come to the site's address: {expected}")
    print("\n".join(wrong) or "as it should be")
    return 1 if wrong else 0


sys.exit(main())
