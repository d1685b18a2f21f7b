"""Sends one mail of so many bytes to HOST PORT, without having it in memory. Prints MB/s."""

import socket
import sys
import time

LINE = b"x" * 76 + b"\r\n"
BLOCK = LINE * 840


def reply(file):
    while True:
        line = file.readline()
        if not line or line[3:4] != b"-":
            return line.decode(errors="replace").strip()


def main(host, port, size):
    connection = socket.create_connection((host, port))
    connection.settimeout(600)
    file = connection.makefile("rb")
    reply(file)
    for command, expected in (("EHLO mx.tokyo.example", "250"), ("MAIL FROM:<taro@tokyo.example>", "250"),
                              ("RCPT TO:<anna@birl.example>", "250"), ("DATA", "354")):
        connection.sendall(command.encode() + b"\r\n")
        said = reply(file)
        if not said.startswith(expected):
            sys.exit(f"{command}: {said}")
    begin = time.monotonic()
    sent = 0
    while sent < size:
        connection.sendall(BLOCK)
        sent += len(BLOCK)
    connection.sendall(b".\r\n")
    said = reply(file)
    if not said.startswith("250"):
        sys.exit(f"end of content: {said}")
    print(f"{sent / 1e6 / (time.monotonic() - begin):.0f}")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
