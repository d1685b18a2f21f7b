#!/usr/bin/env python3
"""A name server for two hubs: what DNS would say of tokyo.example and birl.example, and that there is nothing else.

usage: names.py ADDRESS
"""
import socket
import struct
import sys

HOSTS = {"hub.tokyo.example": "192.0.2.10", "hub.birl.example": "192.0.2.20"}
A, PTR, MX = 1, 12, 15
PTRS = {".".join(reversed(address.split("."))) + ".in-addr.arpa": name for name, address in HOSTS.items()}
MXS = {name.split(".", 1)[1]: name for name in HOSTS}


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def data(name, kind):
    """The record's data, b"" for a name without such a record, None for no such name."""
    if kind == A and name in HOSTS:
        return socket.inet_aton(HOSTS[name])
    if kind == PTR and name in PTRS:
        return encoded(PTRS[name])
    if kind == MX and name in MXS:
        return struct.pack("!H", 10) + encoded(MXS[name])
    return b"" if name in HOSTS or name in PTRS or name in MXS else None


def answer(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    question = query[12 : at + 5]
    kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
    found = data(".".join(labels), kind)
    header = query[:2] + struct.pack("!HHHHH", 0x8580 | (3 if found is None else 0), 1, 1 if found else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(found)) + found if found else b""
    return header + question + record


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    while True:
        query, client = server.recvfrom(512)
        try:
            server.sendto(answer(query), client)
        except (IndexError, struct.error):
            pass


main()
