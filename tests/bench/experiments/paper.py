"""The table of the paper's section 7.2 on emulated lines: a text file, plain, through `ssh -L`, and through relayd. Where
lines are slow all send at the same time, each on a line of its own."""

from typing import NamedTuple

import loads
import mtas
import peers
import places
import prose
from figures import spread

TITLE = "The paper's table"
FILE_BYTES = 7_375_432
TARGET = 1.05
COMPRESSED_TARGET = 0.5


class Line(NamedTuple):
    name: str
    round_trip_ms: float
    conditions: dict
    share: int  # of the file: one in so many bytes
    in_1998: float  # what the tunnel cost there, over plain
    at_once: str = None  # see Bench.turns


LINES = [
    Line("ATM, 155 Mbit/s", 1, {"rate": 155_000_000, "queue": 512 * 1024}, 1, 4.5),
    Line("Ethernet, 10 Mbit/s", 1, {"rate": 10_000_000, "queue": 128 * 1024}, 1, 2.5, "peers"),
    Line("ISDN, 64 kbit/s", 30, {"rate": 64_000, "queue": 64 * 1024}, 16, 1, "turns"),
]


def run(bench):
    chosen, cases = _chosen(bench), []
    for line in bench.pick(LINES, LINES, LINES[:1]):
        # A quick run can only wait for a part of what takes a minute on ISDN.
        size = FILE_BYTES // line.share // (bench.pick(1, 4) if line.share > 1 else 1)
        file = bench.work / f"text-{size}"
        file.write_bytes(prose.text(size))
        measured = bench.turns(line.name, chosen, bench.pick(4, 1 if line.at_once == "peers" else 2, 1), lambda peer, _, on=line, what=file: _measure(
            bench, peer, on, what), at_once=line.at_once)
        cases.append((line, size, measured))
    _show(bench.report, cases)


def _chosen(bench):
    chosen = [peers.Direct, peers.Ssh, peers.Relayd]
    with bench.place(places.Together) as place:
        if bench.prepared(peers.CompressingRelayd, place).is_understood():
            chosen.append(peers.CompressingRelayd)
    return chosen


def _measure(bench, peer, line, file):
    with bench.place(places.Apart, line.round_trip_ms, **line.conditions) as place, \
            bench.mta(place, mtas.start_bulk_sink), bench.tunnel(peer, place) as tunnel:
        [seconds] = loads.client(tunnel, "send_file.py", file, patience=300)
    return {"seconds": seconds}


def _show(report, cases):
    rows = []
    for line, size, measured in cases:
        report.record(line.name, measured)
        for peer in measured.peers():
            cost = measured.ratios("seconds", peer, "direct")
            rows.append([line.name, f"{size:,}", "plain" if peer == "direct" else peer,
                         spread(measured.values(peer, "seconds")), "" if peer == "direct" else spread(cost),
                         f"{line.in_1998:g}" if peer == "ssh -L" else ""])
        report.target(f"relayd ÷ plain, {line.name}", measured.ratio("seconds", "relayd", "direct"), at_most=TARGET)
    report.table(["line", "bytes", "through", "s", "÷ plain", "the paper's tunnel ÷ plain"], rows)
    if line.share > 1:
        report.target(f"relayd with compression ÷ plain, {line.name}",
                      measured.ratio("seconds", peers.CompressingRelayd.name, "direct"), at_most=COMPRESSED_TARGET)
