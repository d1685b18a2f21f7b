"""Real sendmail at both ends: a queue run of small mails, and of a large one. CPU time is that of everything that runs,
for where there is no tunnel, sendmail itself does what a tunnel would."""

import resource

import loads
import mtas
import places

TITLE = "Sendmail's queue runs"
SMALL = 4096


def run(bench):
    cases = []
    mails, large = bench.pick(60, 30, 5), bench.pick(32, 16, 4) << 20
    turns = bench.pick(3, 1)
    with bench.place(places.Together) as place, bench.mta(place, mtas.start_sendmail) as mta, \
            bench.started(bench.peers, place) as peers:
        queues = {peer.name: loads.SendmailQueue(bench.tools, peer) for peer in peers}
        for what, count, size in ((f"{mails} of 4 KiB", mails, SMALL), (f"one of {large >> 20} MiB", 1, large)):
            measured = bench.turns(f"queue run, {what}", peers, turns,
                                   lambda peer, _, c=count, s=size: _measure(peer, queues[peer.name], mta, c, s))
            cases.append(([what], measured))
    bench.report.compare(["mails"], cases[:1], {"rate": "mails/s", "cpu": "CPU of everything, ms a mail"})
    bench.report.compare(["mails"], cases[1:], {"mega": "MB/s", "cpu_giga": "CPU of everything, s a GB"})


def _measure(peer, queue, mta, mails, size):
    queue.fill(mails, size)
    programs = {*peer.programs(), mta}
    before = _cpu_seconds(programs)
    took = queue.run()
    cpu = _cpu_seconds(programs) - before
    return {"rate": mails / took, "cpu": 1000 * cpu / mails,
            "mega": mails * size / took / 1e6, "cpu_giga": cpu / (mails * size / 1e9)}


def _cpu_seconds(programs):
    """With that of the near sendmail, which is a child that has ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(program.cpu_seconds() for program in programs)
