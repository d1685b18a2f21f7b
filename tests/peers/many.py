#!/usr/bin/env python3
"""Twenty-five clients at once send one mail after the other to a far MTA with its stock limits, directly and through relayd.

    many.py FAR [SECONDS]

The lab must run, with PEERS_PREFIX and PEERS_STATE as it had them. An MTA that takes fewer connections (Exim: 20 in all,
Postfix: 50 of one client) greets with 421 then. Directly that is the client's trouble, who comes again; through relayd
nobody is to notice, and about as many mails are to arrive.
"""

import smtplib
import sys
import threading
import time

from pair import STATE, in_the_lab

CLIENTS = 25
USER = "many"
CONTENT = b"Subject: one of many\r\n\r\ntext\r\n"


class Client(smtplib.SMTP):
    """Its connection is made in the lab. (A thread enters a namespace alone.)"""

    def _get_socket(self, host, port, timeout):
        with in_the_lab():
            return super()._get_socket(host, port, timeout)


class Load:
    """What became of the mails to one address. `source`: where the clients come from."""

    def __init__(self, address, source, domain, seconds):
        self.address, self.source, self.domain = address, source, domain
        self.end = time.monotonic() + seconds
        self.delivered, self.refused = 0, {}
        self.lock = threading.Lock()

    def run(self):
        threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def client(self, number):
        while time.monotonic() < self.end:
            try:
                self.send(number)
            except (OSError, smtplib.SMTPException) as error:
                with self.lock:
                    self.refused[str(error)] = self.refused.get(str(error), 0) + 1
                time.sleep(0.05)

    def send(self, number):
        # One of them with a name of its own: its mail finds room beside the others'.
        name = "odd.near.example" if number == 0 else "mx.near.example"
        with Client(self.address, 5000, name, 60, (self.source, 0)) as server:
            server.sendmail("a@direct.near.example", [f"{USER}@{self.domain}"], CONTENT)
        with self.lock:
            self.delivered += 1


def main(far, seconds="10"):
    numbers = {line.split()[1]: line.split()[0].rsplit(".", 1)[1]
               for line in (STATE / "etc/hosts").read_text().splitlines() if ".far.example" in line}
    number = numbers[f"{far}.far.example"]
    domain = f"tunnel.{far}.far.example"
    # Half before and half after, so that a machine that is slow for a while is slow for both.
    direct = [Load(f"127.2.0.{number}", "127.9.0.1", domain, float(seconds) / 2).run()]
    tunnel = Load(f"127.5.0.{number}", "127.0.0.1", domain, float(seconds)).run()
    direct.append(Load(f"127.2.0.{number}", "127.9.0.1", domain, float(seconds) / 2).run())
    directly = sum(load.delivered for load in direct)
    print(f"{directly} mails directly {[load.refused for load in direct]}, {tunnel.delivered} through relayd {tunnel.refused}")
    return 1 if tunnel.refused or tunnel.delivered < directly / 2 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
