"""The delay of a small mail behind large ones on a slow line."""

import contextlib

import loads
import mtas
import places

TITLE = "A small mail behind large ones"
LINE = {"rate": 10_000_000}
ROUND_TRIP_MS = 40
LARGE_MAILS = 8
TARGET = 3


def run(bench):
    measured = bench.turns("small behind large", bench.tunnels(), bench.pick(3, 1), lambda peer, _: _measure(bench, peer),
                           at_once="peers")
    bench.report.compare(["line"], [(["10 Mbit/s, 40 ms"], measured)], {
        "idle": "idle, ms", "busy": f"behind {LARGE_MAILS} large ones, ms", "times": "times"})
    bench.report.target("a small mail's delay behind large ones ÷ idle", measured.median("relayd", "times"), at_most=TARGET)


def _measure(bench, peer):
    with bench.place(places.Apart, ROUND_TRIP_MS, **LINE) as place, bench.mta(place, mtas.start_bulk_sink), \
            bench.tunnel(peer, place) as tunnel:
        [idle] = loads.client(tunnel, "small_mails.py", bench.pick(15, 5))
        with _large_mails(tunnel):
            loads.client(tunnel, "small_mails.py", 2)  # until the line is full
            [busy] = loads.client(tunnel, "small_mails.py", bench.pick(7, 3))
    return {"idle": idle, "busy": busy, "times": busy / idle}


@contextlib.contextmanager
def _large_mails(tunnel):
    large = tunnel.place.near.start("large", loads.client_command(tunnel, "bulk.py", LARGE_MAILS, "60s"))
    try:
        yield
        large.check()
    finally:
        large.stop()
