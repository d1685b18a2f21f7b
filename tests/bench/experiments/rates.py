"""Mails a second and the tunnels' CPU time a mail, without latency: mails of 4 KiB by 1, 20 and 200 sessions."""

import loads
import places

TITLE = "Mails a second and CPU time a mail"
TIMES_STUNNEL = 10
SHARE_OF_DIRECT = 1 / 3


def run(bench):
    cases = []
    with bench.place(places.Together) as place, bench.mta(place), bench.started(bench.tunnels(), place) as tunnels:
        for reuse in (False, True):
            for sessions in bench.pick((1, 20, 200), (1, 20, 200), (20,)):
                how = "kept" if reuse else "new"
                cases.append(([how, sessions], bench.turns(
                    f"connections {how}, {sessions} sessions", tunnels, bench.pick(3, 1), _Load(bench, sessions, reuse))))
    bench.report.compare(["connections", "sessions"], cases, {"rate": "mails/s", "cpu": "CPU of both ends, ms a mail"})
    for [how, sessions], measured in cases:
        if sessions == 20:
            _judge(bench, how, measured)


def _judge(bench, how, measured):
    if how == "new":
        bench.report.target("relayd's mails/s ÷ stunnel's, new connections", measured.ratio("rate", "relayd", "stunnel"),
                            at_least=TIMES_STUNNEL)
    else:
        bench.report.target("relayd's mails/s ÷ direct, kept connections", measured.ratio("rate", "relayd", "direct"),
                            at_least=round(SHARE_OF_DIRECT, 3))
    ratios = [measured.ratio("cpu", "relayd", peer) for peer in measured.peers() if peer not in ("relayd", "direct")]
    ratios = [ratio for ratio in ratios if ratio is not None]
    bench.report.target(f"relayd's CPU a mail ÷ that of the thriftiest tunnel, {how} connections",
                        max(ratios) if ratios else None, at_most=1)


class _Load:
    """So many mails as take about so many seconds, by each peer's rate in a trial; which is enough where that is slow."""

    def __init__(self, bench, sessions, reuse):
        self._tools = bench.tools
        self._seconds = bench.pick(1.5, 0.7, 0.3)
        self._how = {"sessions": sessions, "reuse": reuse}
        self._trial = max(20, sessions)
        self._mails = {}

    def __call__(self, tunnel, _):
        found = self._send(tunnel, self._mails.get(tunnel.name, self._trial))
        if tunnel.name not in self._mails:
            self._mails[tunnel.name] = max(self._trial, int(found["rate"] * self._seconds))
            if self._mails[tunnel.name] > 2 * self._trial:
                found = self._send(tunnel, self._mails[tunnel.name])
        return found

    def _send(self, tunnel, mails):
        before = tunnel.cpu_seconds()
        took = loads.smtp_source(self._tools, tunnel, mails, **self._how)
        found = {"rate": mails / took}
        if tunnel.programs():
            found["cpu"] = 1000 * (tunnel.cpu_seconds() - before) / mails
        return found
