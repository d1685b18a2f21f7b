"""Throughput of one large mail against the delay of the line: windows that are too small show."""

import loads
import mtas
import places
from figures import curves

TITLE = "Throughput against delay"
# By round trip in milliseconds: longer where TCP takes longer to get up to speed.
SECONDS = {10: 1.5, 50: 2, 100: 4, 200: 5}
LINE_BITS = 500_000_000
QUEUE_BYTES = 4 << 20
SHARE_OF_DIRECT = 0.85
TARGET_MS = 100


def run(bench):
    cases = []
    for distance in bench.pick(list(SECONDS), [10, 100], [10]):
        seconds = f"{bench.pick(SECONDS[distance], 1.5, 1)}s"
        with bench.place(places.Apart, distance, rate=LINE_BITS, queue=QUEUE_BYTES) as place, \
                bench.mta(place, mtas.start_bulk_sink), bench.started(bench.tunnels(), place) as tunnels:
            cases.append(([distance], bench.turns(f"{distance} ms", tunnels, bench.pick(3, 1), lambda tunnel, _, s=seconds: {
                "rate": 8e-6 * loads.bulk(tunnel, 1, s)})))
    bench.report.compare(["round trip, ms"], cases, {"rate": "Mbit/s"})
    bench.report.plot("delay.svg", "One mail on a line of 500 Mbit/s", "round trip, ms", "Mbit/s",
                      curves([(distance, measured) for [distance], measured in cases], "rate"))
    for [distance], measured in cases:
        if distance == TARGET_MS:
            bench.report.target(f"relayd's throughput ÷ direct at {TARGET_MS} ms", measured.ratio("rate", "relayd", "direct"),
                                at_least=SHARE_OF_DIRECT)
