"""Bytes a second and CPU seconds a GB without latency: one large mail, and several at once."""

import loads
import mtas
import places

TITLE = "Bulk"
CPU_OF_HAPROXY = 0.8
TIMES_SSH = 1.5


def run(bench):
    cases = []
    seconds = bench.pick("1.5s", "0.6s", "0.3s")
    with bench.place(places.Together) as place, bench.mta(place, mtas.start_bulk_sink), \
            bench.started(bench.tunnels(), place) as tunnels:
        for streams in (1, 4):
            cases.append(([streams], bench.turns(
                f"bulk, {streams} streams", tunnels, bench.pick(5, 3, 1), lambda t, _, n=streams: _measure(t, n, seconds))))
    bench.report.compare(["streams"], cases, {"rate": "MB/s", "cpu": "CPU of both ends, s a GB"})
    for [streams], measured in cases:
        what = "one stream" if streams == 1 else f"{streams} streams"
        bench.report.target(f"relayd's CPU a GB ÷ HAProxy's, {what}", measured.ratio("cpu", "relayd", "HAProxy"),
                            at_most=CPU_OF_HAPROXY)
        bench.report.target(f"relayd's throughput ÷ HAProxy's, {what}", measured.ratio("rate", "relayd", "HAProxy"),
                            at_least=1)
        bench.report.target(f"relayd's throughput ÷ that of ssh -L, {what}", measured.ratio("rate", "relayd", "ssh -L"),
                            at_least=TIMES_SSH)


def _measure(tunnel, streams, seconds):
    before, (size, took) = tunnel.cpu_seconds(), loads.client(tunnel, "bulk.py", streams, seconds)
    found = {"rate": size / took / 1e6}
    if tunnel.programs():
        found["cpu"] = (tunnel.cpu_seconds() - before) / (size / 1e9)
    return found
