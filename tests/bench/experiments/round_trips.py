"""Round trips a mail at a distance: a queue run of sendmail, and a client that connects anew for each mail."""

import loads
import places

TITLE = "Round trips a mail"
# By round trip in milliseconds: fewer mails where each takes longer.
MAILS = {20: 20, 50: 15, 100: 10, 250: 5}
TARGET = 1.3


def run(bench):
    cases = []
    for distance in bench.pick(list(MAILS), [20, 100], [20]):
        cases.append(([f"{distance} ms"], bench.turns(
            f"{distance} ms", bench.peers, bench.pick(3, 1), lambda peer, _, d=distance: _measure(bench, peer, d),
            at_once="peers")))
    bench.report.compare(["round trip"], cases, {
        "queue": "sendmail's queue run", "queue_packets": "packets", "each": "a connection each", "each_packets": "packets"})
    for [distance], measured in cases:
        for metric, what in (("queue", "a queue run"), ("each", "a connection each")):
            bench.report.target(f"relayd's round trips a mail at {distance}, {what}", measured.median("relayd", metric),
                                at_most=TARGET)


def _measure(bench, peer, distance):
    mails = MAILS[distance]
    with bench.place(places.Apart, distance) as place, bench.mta(place), bench.tunnel(peer, place) as tunnel:
        queue = loads.SendmailQueue(bench.tools, tunnel)
        queue.fill(mails)
        found = _counted(place, mails, "queue", queue.run)
        if peer.is_tunnel:
            found |= _counted(place, mails, "each", lambda: loads.smtp_source(bench.tools, tunnel, mails))
    return found


def _counted(place, mails, metric, load):
    place.reset_round_trips()
    return {metric: load() / place.round_trip / mails, f"{metric}_packets": place.round_trips() / mails}
