#!/usr/bin/env python3
"""A mail program that hands mails over, one after another, as long as it is let, and takes note of everything that a person would notice.

usage: mails.py ADDRESS:PORT FROM TO DIRECTORY           until DIRECTORY/stop is there; two over each connection
       mails.py ADDRESS:PORT FROM TO DIRECTORY held      one mail, whose content ends when DIRECTORY/go is there; DIRECTORY/held says that it has begun

Their Message-IDs are <N@NAME> and <held@NAME>, where NAME is the sender's domain. It ends with 1 at the first connection or mail that is
refused, and says which. Else it prints the number of mails and the longest time that one took.
"""
import os
import smtplib
import socket
import sys
import time


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


def head(mail, sender):
    return f"Message-ID: <{mail}@{sender.rsplit('@', 1)[1]}>\r\n\r\n"


def send_until_told(connect, sender, recipient, directory):
    number, longest = 0, 0.0
    while not os.path.exists(directory + "/stop"):
        session = None
        for _ in range(2):
            begun = time.monotonic()
            session = session or connect()
            session.sendmail(sender, [recipient], head(number, sender) + "A line.\r\n")
            number += 1
            longest = max(longest, time.monotonic() - begun)
        session.quit()
    print(f"{number} mails, none refused, the longest took {longest * 1000:.0f} ms")
    with open(directory + "/count", "w", encoding="ascii") as file:
        file.write(str(number))


def send_held(connect, sender, recipient, directory):
    session = connect()
    session.ehlo_or_helo_if_needed()
    for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
        code, text = session.docmd(command)
        if code >= 400:
            sys.exit(f"{command}: {code} {text.decode()}")
    session.send(head("held", sender) + "A line.\r\n")
    open(directory + "/held", "w", encoding="ascii").close()
    wait_for(directory + "/go")
    code, text = session.docmd(".")
    if code != 250:
        sys.exit(f"the mail that was held: {code} {text.decode()}")


def main():
    address, sender, recipient, directory = sys.argv[1:5]
    host, port = address.rsplit(":", 1)

    def connect():
        return smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=60)

    try:
        (send_held if sys.argv[5:] == ["held"] else send_until_told)(connect, sender, recipient, directory)
    except (smtplib.SMTPException, socket.error) as error:
        sys.exit(f"a mail is refused: {error!r}")


main()
