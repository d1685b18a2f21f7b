"""small_mails.py HOST PORT COUNT: mails of 4 KiB, one behind the other on one connection. Prints the median time in ms."""

import statistics
import sys

import smtp

session = smtp.Session(sys.argv[1], int(sys.argv[2]))
print(1000 * statistics.median(smtp.timed(session.mail, [smtp.SMALL]) for _ in range(int(sys.argv[3]))))
