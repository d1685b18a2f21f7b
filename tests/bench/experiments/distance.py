"""One large mail over a long path, and a small mail's delay behind large ones on a slow line."""

import statistics
import subprocess
from pathlib import Path

import peers
import places
import table

HERE = Path(__file__).resolve().parent.parent
LONG_PATH_MS = 100
BULK_SHARE = 0.85  # of what one TCP connection does there
LINE_BITS = 10_000_000
LINE_MS = 40
LARGE_MAILS = 8
DELAY_TARGET = 3


def run(bench):
    table.show(f"One large mail, {LONG_PATH_MS} ms round trip", ["", "Mbit/s", "of direct", ""], _bulk(bench))
    table.show(f"A mail of 4 KiB on a line of 10 Mbit/s, {LINE_MS} ms round trip",
               ["", "idle, ms", f"behind {LARGE_MAILS} large ones, ms", "times", ""], _delays(bench))


def _bulk(bench):
    size = (1 << 27) if bench.quick else (1 << 29)
    rows, direct = [], None
    for peer in [peers.Direct(bench.build, bench.work), *(p for p in bench.peers() if p.name != "direct")]:
        with bench.place(places.Apart, LONG_PATH_MS) as place, bench.sink(place), bench.tunnel(peer, place):
            rates = [8 * float(place.near.run(["python3", HERE / "big_mail.py", *peer.entry, size]))
                     for _ in range(1 if bench.quick else 3)]
        rate = statistics.median(rates)
        direct = direct or rate
        bench.progress(f"{peer.name}: {rate:.0f} Mbit/s")
        verdict = table.target(rate >= BULK_SHARE * direct) if peer.name == "relayd" else ""
        rows.append([peer.name, f"{rate:.0f}", f"{rate / direct:.2f}", verdict])
    return rows


def _delays(bench):
    rows = []
    for peer in bench.peers():
        with bench.place(places.Apart, LINE_MS, "--rate", str(LINE_BITS)) as place, bench.sink(place), \
                bench.tunnel(peer, place):
            idle = _small_mails(place, peer)
            large = [subprocess.Popen(place.near.command(
                ["python3", HERE / "big_mail.py", *peer.entry, 100 << 20]), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL) for _ in range(LARGE_MAILS)]
            try:
                place.near.run(["python3", HERE / "small_mails.py", *peer.entry, 5])  # until the line is full
                busy = _small_mails(place, peer)
            finally:
                for mail in large:
                    mail.kill()
                    mail.wait()
        bench.progress(f"{peer.name}: {idle:.0f} ms idle, {busy:.0f} ms busy")
        verdict = table.target(busy <= DELAY_TARGET * idle) if peer.name == "relayd" else ""
        rows.append([peer.name, f"{idle:.0f}", f"{busy:.0f}", f"{busy / idle:.1f}", verdict])
    return rows


def _small_mails(place, peer):
    return float(place.near.run(["python3", HERE / "small_mails.py", *peer.entry, 20]))
