#!/usr/bin/env python3
"""An MTA that accepts every mail and keeps it as a file.

    sink.py ADDRESS PORT DIRECTORY
"""

import itertools
import pathlib
import socketserver
import sys

NUMBERS = itertools.count()


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 sink ESMTP")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say("354 go ahead")
                self.take()
            self.say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def take(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.replace(b"\r\n", b"\n"))
        (self.server.directory / str(next(NUMBERS))).write_bytes(b"".join(lines))

    def say(self, reply):
        self.wfile.write(reply.encode() + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main(address, port, directory):
    with Server((address, int(port)), Session) as server:
        server.directory = pathlib.Path(directory)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
