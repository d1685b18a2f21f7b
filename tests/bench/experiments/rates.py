"""Mails a second and CPU time a mail without latency: 4 KiB, 20 sessions."""

import loads
import places
import table

SESSIONS = 20
RUNS = 3
TIMES_STUNNEL = 10


def run(bench):
    runs = 2 if bench.quick else RUNS
    seconds = 1.5 if bench.quick else 3
    for reuse in (False, True):
        measured = _measure_all(bench, reuse, runs, seconds)
        _show(measured, reuse)


def _measure_all(bench, reuse, runs, seconds):
    """{peer's name: [(mails a second, milliseconds of CPU a mail)]}; the peers take turns, so that what else the machine
    does hits all alike."""
    measured, mails = {}, {}
    for turn in range(runs):
        for peer in bench.peers():
            with bench.place(places.Together) as place, bench.sink(place), bench.tunnel(peer, place):
                if peer.name not in mails:
                    trial = 400
                    rate = trial / loads.smtp_source(bench.postfix, place, peer.entry, trial, SESSIONS, reuse)
                    mails[peer.name] = max(200, int(rate * seconds))
                before = peer.cpu_seconds()
                count = mails[peer.name]
                took = loads.smtp_source(bench.postfix, place, peer.entry, count, SESSIONS, reuse)
                cpu = peer.cpu_seconds() - before
            measured.setdefault(peer.name, []).append((count / took, 1000 * cpu / count))
            bench.progress(f"turn {turn + 1}, {peer.name}: {count / took:.0f} mails/s")
    return measured


def _show(measured, reuse):
    stunnel_rate = _median_of(measured, "stunnel", 0)
    haproxy_cpu = _median_of(measured, "HAProxy", 1)
    rows = []
    for name, values in measured.items():
        rates, cpu = [v[0] for v in values], [v[1] for v in values]
        verdict = ""
        if name == "relayd" and not reuse and stunnel_rate and haproxy_cpu:
            verdict = (table.target(table.median(rates) >= TIMES_STUNNEL * stunnel_rate) + ", "
                       + table.target(table.median(cpu) < haproxy_cpu))
        ratio = f"{table.median(rates) / stunnel_rate:.1f}" if stunnel_rate else ""
        rows.append([name, table.spread(rates, 0), ratio, table.spread(cpu, 3) if name != "direct" else "", verdict])
    how = "kept for all mails of a session" if reuse else "a new one for each mail"
    table.show(f"No latency, mails of 4 KiB, {SESSIONS} sessions, connection: {how}",
               ["through", "mails/s", "times stunnel", "CPU of both ends, ms a mail",
                "" if reuse else f"{TIMES_STUNNEL} times stunnel, less CPU than HAProxy"], rows)


def _median_of(measured, name, index):
    values = [v[index] for v in measured.get(name, [])]
    return table.median(values) if values else None
