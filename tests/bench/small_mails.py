"""Sends COUNT mails of 4 KiB to HOST PORT, one behind the other on one connection. Prints the median time of one in ms."""

import socket
import statistics
import sys
import time

CONTENT = b"Subject: small\r\n\r\n" + (b"x" * 70 + b"\r\n") * 57


def reply(file):
    while True:
        line = file.readline()
        if not line or line[3:4] != b"-":
            return line.decode(errors="replace").strip()


def main(host, port, count):
    connection = socket.create_connection((host, port))
    connection.settimeout(600)
    file = connection.makefile("rb")
    reply(file)
    connection.sendall(b"EHLO mx.tokyo.example\r\n")
    reply(file)
    times = []
    for _ in range(count):
        begin = time.monotonic()
        for command in (b"MAIL FROM:<taro@tokyo.example>", b"RCPT TO:<anna@birl.example>", b"DATA"):
            connection.sendall(command + b"\r\n")
            reply(file)
        connection.sendall(CONTENT + b".\r\n")
        said = reply(file)
        if not said.startswith("250"):
            sys.exit(said)
        times.append(time.monotonic() - begin)
    print(f"{1000 * statistics.median(times):.1f}")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
