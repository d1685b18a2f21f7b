"""Opens so many SMTP sessions at HOST PORT, greeted and EHLOed, says "ready", holds them until standard input ends."""

import resource
import socket
import sys


def open_session(host, port):
    connection = socket.create_connection((host, port))
    file = connection.makefile("rb")
    if not file.readline().startswith(b"220"):
        sys.exit("no session: the greeting was not 220")
    connection.sendall(b"EHLO mx.tokyo.example\r\n")
    while file.readline()[3:4] == b"-":
        pass
    return connection


def main(host, port, count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 100, max(2 * count + 100, 4096)))
    sessions = [open_session(host, port) for _ in range(count)]
    print("ready", flush=True)
    sys.stdin.read()
    del sessions


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
