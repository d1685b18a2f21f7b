"""Round trips a mail at a distance: a queue run of sendmail, and a client that connects anew for each mail."""

import loads
import places
import table

# By round trip in milliseconds: fewer mails where each takes longer.
MAILS = {50: 20, 100: 10, 250: 5}
TARGET = 1.3


def run(bench):
    distances = [50] if bench.quick else list(MAILS)
    runs = 1 if bench.quick else 3
    rows = []
    for distance in distances:
        for peer in bench.peers():
            rows.append(_measure(bench, peer, distance, runs))
            bench.progress(f"{distance} ms, {peer.name}")
    table.show(
        "Round trips a mail: median (minimum–maximum) of the time divided by the round trip, the programs' own time "
        "included; `packets`: as counted on the link, without the handshakes of TCP",
        ["round trip", "through", "sendmail's queue run", "packets", "a connection each", "packets", "at most 1.3"], rows)


def _measure(bench, peer, distance, runs):
    mails = MAILS[distance]
    with bench.place(places.Apart, distance) as place, bench.sink(place), bench.tunnel(peer, place):
        queue = loads.SendmailQueue(bench.sendmail, peer.work, peer.entry)
        queue_runs, queue_trips, each_runs, each_trips = [], [], [], []
        for _ in range(runs):
            queue.fill(place, mails)
            place.reset_round_trips()
            queue_runs.append(queue.run(place) / place.round_trip / mails)
            queue_trips.append(place.round_trips() / mails)
            place.reset_round_trips()
            each_runs.append(loads.smtp_source(bench.postfix, place, peer.entry, mails) / place.round_trip / mails)
            each_trips.append(place.round_trips() / mails)
    # relayd makes no connection for a mail, so that packets tell all: what is beyond them, this machine took.
    worst = max(table.median(queue_trips), table.median(each_trips))
    return [f"{distance} ms", peer.name, table.spread(queue_runs, 2), table.spread(queue_trips, 2),
            table.spread(each_runs, 2), table.spread(each_trips, 2),
            table.target(worst <= TARGET) if peer.name == "relayd" else ""]
