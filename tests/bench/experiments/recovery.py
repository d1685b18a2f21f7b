"""How long until a mail passes: after the near end has started, after the far end died and was started again, and after
the line was cut. Somebody tries to send mails all the time."""

import contextlib
import subprocess
import time

import loads
import mtas
import places
from programs import BenchError

TITLE = "Time to the first mail"
ROUND_TRIP_MS = 20
PATIENCE = 60


def run(bench):
    turns, cut_seconds = bench.pick(3, 1), bench.pick(5, 3, 1)
    peers = [peer for peer in bench.tunnels() if peer.number]  # direct has nothing to start
    with bench.place(places.Apart, ROUND_TRIP_MS) as place, bench.mta(place, mtas.start_bulk_sink):
        start = bench.turns("start", peers, turns, lambda peer, _: _after_start(bench, peer, place))
        death = bench.turns("death of the far end", peers, turns, lambda peer, _: _after_death(bench, peer, place))
    cut = bench.turns("cut", bench.tunnels(), turns, lambda peer, _: _after_cut(bench, peer, cut_seconds), at_once="peers")
    bench.report.compare(["after"], [
        (["start"], start), (["death of the far end"], death), ([f"a cut of {cut_seconds} s"], cut)], {"seconds": "s"})


def _after_start(bench, peer, place):
    tunnel = bench.prepared(peer, place)
    try:
        tunnel.start_far()
        with _Sender(tunnel) as sender:
            begin = time.monotonic()
            tunnel.start_near()
            return {"seconds": sender.first_mail() - begin}
    finally:
        tunnel.stop()


def _after_death(bench, peer, place):
    with bench.tunnel(peer, place) as tunnel:
        tunnel.kill_far()
        with _Sender(tunnel) as sender:
            begin = time.monotonic()
            tunnel.far = tunnel.launch_far()
            return {"seconds": sender.first_mail() - begin}


def _after_cut(bench, peer, seconds):
    with bench.place(places.Apart, ROUND_TRIP_MS) as place, bench.mta(place, mtas.start_bulk_sink), \
            bench.tunnel(peer, place) as tunnel:
        place.cut(True)
        with _Sender(tunnel) as sender:
            time.sleep(seconds)  # that is how long the cut is
            begin = time.monotonic()
            place.cut(False)
            return {"seconds": sender.first_mail() - begin}


class _Sender(contextlib.AbstractContextManager):
    """Tries to send mails from now on."""

    def __init__(self, tunnel):
        self._program = tunnel.place.near.start(f"{tunnel.work.name}-sender", loads.client_command(
            tunnel, "first_mail.py", PATIENCE), stdout=subprocess.PIPE, text=True)
        self._said()

    def first_mail(self):
        """When one had passed."""
        return float(self._said())

    def _said(self):
        line = self._program.pipes.stdout.readline()
        if not line:
            raise BenchError(f"no mail within {PATIENCE} s")
        return line

    def __exit__(self, *_):
        self._program.stop()
