"""Throughput of one large mail where packets get lost. In a turn all peers have lines that lose the same packets."""

import functools
from pathlib import Path

import loads
import mtas
import places
from figures import curves

TITLE = "Throughput against loss"
LINE = {"rate": 50_000_000, "queue": 256 * 1024}
ROUND_TRIP_MS = 40
_SETTINGS = Path("/proc/sys/net/ipv4")


def run(bench):
    cases, algorithms = [], _congestion_controls()
    for congestion in algorithms:
        for loss in bench.pick((0, 0.001, 0.01), (0.003,), (0.001,)):
            measure = functools.partial(_measure, bench, congestion, loss)
            cases.append(([congestion, f"{100 * loss:g}"], bench.turns(
                f"{congestion}, loss {100 * loss:g} %", bench.tunnels(), bench.pick(3, 1), measure, at_once="peers")))
    bench.report.compare(["congestion control", "loss, %"], cases, {"rate": "Mbit/s"})
    for congestion in algorithms:
        bench.report.plot(
            f"loss-{congestion}.svg", f"One mail, 50 Mbit/s, {ROUND_TRIP_MS} ms round trip, {congestion}", "packets lost, %",
            "Mbit/s", curves([(float(loss), measured) for [name, loss], measured in cases if name == congestion], "rate"))


def _congestion_controls():
    """The kernel's default, and one that takes every loss for congestion, as cubic does, if a namespace may have it."""
    default = (_SETTINGS / "tcp_congestion_control").read_text().strip()
    allowed = (_SETTINGS / "tcp_allowed_congestion_control").read_text().split()
    return [default, *[name for name in ("cubic", "reno") if name in allowed and name != default][:1]]


def _measure(bench, congestion, loss, peer, turn):
    with bench.place(places.Apart, ROUND_TRIP_MS, loss=loss, seed=turn + 1, **LINE) as place, \
            bench.mta(place, mtas.start_bulk_sink):
        place.use_congestion(congestion)
        with bench.tunnel(peer, place) as tunnel:
            # Not so many bytes: few would pass a new connection before its first loss, and no old one.
            return {"rate": 8e-6 * loads.bulk(tunnel, 1, bench.pick("5s", "3s", "1s"))}
