"""send_file.py HOST PORT FILE: the file as one mail. Prints the seconds from the connection to the final reply."""

import sys

import smtp


def send():
    with open(sys.argv[3], "rb") as file:
        smtp.Session(sys.argv[1], int(sys.argv[2])).mail(iter(lambda: file.read(1 << 17), b""))


print(smtp.timed(send))
