"""Throughput of one large mail where packets get lost. In a turn all peers have lines that lose the same packets."""

import loads
import mtas
import places

TITLE = "Throughput against loss"
LINE = {"rate": 50_000_000, "queue": 256 * 1024}
ROUND_TRIP_MS = 40


def run(bench):
    cases = []
    for loss in bench.pick((0, 0.001, 0.003, 0.01), (0, 0.003), (0.001,)):
        cases.append(([f"{100 * loss:g}"], bench.turns(
            f"loss {100 * loss:g} %", bench.tunnels(), bench.pick(3, 1),
            lambda peer, turn, share=loss: _measure(bench, peer, share, turn), at_once=True)))
    bench.report.compare(["loss, %"], cases, {"rate": "Mbit/s"})
    bench.report.plot("loss.svg", f"One mail on a line of 50 Mbit/s, {ROUND_TRIP_MS} ms round trip", "packets lost, %", "Mbit/s",
                      {peer: [(float(loss), measured.median(peer, "rate")) for [loss], measured in cases
                              if measured.median(peer, "rate")] for peer in cases[0][1].peers()})


def _measure(bench, peer, loss, turn):
    with bench.place(places.Apart, ROUND_TRIP_MS, loss=loss, seed=turn + 1, **LINE) as place, \
            bench.mta(place, mtas.start_bulk_sink), bench.tunnel(peer, place) as tunnel:
        return {"rate": 8e-6 * loads.bulk(tunnel, 1, bench.pick("8s", "4s", "1s"))}
