"""bulk.py HOST PORT STREAMS {BYTES | SECONDSs}: so many sessions at once send one mail each, of so many bytes or for so
many seconds, without having it in memory. Prints the bytes of all, and the seconds from the first DATA to the last reply."""

import sys
import threading
import time

import smtp

BLOCK = (b"x" * 76 + b"\r\n") * 1680


class Stream(threading.Thread):
    def __init__(self, host, port):
        super().__init__()
        self.session = smtp.Session(host, port)
        self.bytes = 0
        self.error = None

    def blocks(self):
        begin = time.monotonic()
        while self.bytes < SIZE and time.monotonic() - begin < SECONDS:
            self.bytes += len(BLOCK)
            yield BLOCK

    def run(self):
        try:
            self.session.mail(self.blocks())
        except (smtp.Refused, OSError) as error:
            self.error = error


amount = sys.argv[4]
SIZE, SECONDS = (float("inf"), float(amount[:-1])) if amount.endswith("s") else (int(amount), float("inf"))
streams = [Stream(sys.argv[1], int(sys.argv[2])) for _ in range(int(sys.argv[3]))]
begin = time.monotonic()
for stream in streams:
    stream.start()
for stream in streams:
    stream.join()
for stream in streams:
    if stream.error:
        sys.exit(f"a mail was refused: {stream.error}")
print(sum(stream.bytes for stream in streams), time.monotonic() - begin)
