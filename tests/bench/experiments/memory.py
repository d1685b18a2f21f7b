"""Resident memory of the programs at both ends: idle, under 1,000 sessions, of each session; relayd's
with ten sites, of each link, and while a large mail passes. The kernel's socket buffers are not in it."""

import contextlib
import subprocess

import loads
import mtas
import peers
import places
from peers.ten_sites import TenSites
from programs import BenchError

TITLE = "Memory"
SESSIONS = 1000
SITES_TARGET_MIB = 20
SESSION_TARGET_KIB = 32
MAIL_TARGET_MIB = 8


def run(bench):
    tunnels = [peer for peer in bench.tunnels() if peer.number]
    turns = bench.pick(3, 1)
    sessions = bench.turns(f"{SESSIONS} sessions", tunnels, turns, lambda peer, _: _sessions(bench, peer))
    bench.report.compare(["sessions"], [([SESSIONS], sessions)], {
        "idle": "idle, MiB", "under": "under them, MiB", "each": "each, KiB"})
    sites = bench.turns("ten sites", [TenSites], turns, lambda peer, _: _sites(bench, peer))
    mail = bench.turns("a large mail", [peers.Relayd], turns, lambda peer, _: _large_mail(bench, peer))
    bench.report.compare(["relayd with"], [(["10 sites"], sites)], {
        "idle": "no link, MiB", "linked": "10 links, MiB", "link": "each link, KiB"})
    bench.report.compare(["relayd, while"], [(["a large mail passes"], mail)], {
        "near": "near end grows by, MiB", "far": "far end, MiB"})
    bench.report.target("relayd with 10 sites, idle", sites.median(TenSites.name, "idle"), at_most=SITES_TARGET_MIB, unit=" MiB")
    bench.report.target("a session of relayd", sessions.median("relayd", "each"), at_most=SESSION_TARGET_KIB, unit=" KiB")
    bench.report.target("relayd's growth while a large mail passes", mail.median("relayd", "near"),
                        at_most=MAIL_TARGET_MIB, unit=" MiB")


def _sessions(bench, peer):
    with bench.place(places.Together) as place, bench.mta(place), bench.tunnel(peer, place) as tunnel:
        loads.smtp_source(bench.tools, tunnel, 1)  # what is allocated once
        idle = sum(tunnel.memory_kib())
        with _held_sessions(tunnel):
            under = sum(tunnel.memory_kib())
    return {"idle": idle / 1024, "under": under / 1024, "each": (under - idle) / SESSIONS}


@contextlib.contextmanager
def _held_sessions(tunnel):
    holder = tunnel.place.near.start("sessions", loads.client_command(tunnel, "hold_sessions.py", SESSIONS),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if holder.pipes.stdout.readline() != "ready\n":
            raise BenchError(f"it does not take {SESSIONS} sessions: {holder.log.read_text().strip()[-200:]}")
        yield
    finally:
        holder.stop()


def _sites(bench, peer):
    with bench.place(places.Together) as place:
        hub = bench.prepared(peer, place)
        try:
            hub.near = hub.launch_near()
            hub.wait_for_links(0)
            idle = hub.near.memory_kib()
            hub.launch_sites()
            hub.wait_for_links(TenSites.sites)
            linked = hub.near.memory_kib()
        finally:
            hub.stop()
    return {"idle": idle / 1024, "linked": linked / 1024, "link": (linked - idle) / TenSites.sites}


def _large_mail(bench, peer):
    with bench.place(places.Together) as place, bench.mta(place, mtas.start_bulk_sink), bench.tunnel(peer, place) as tunnel:
        loads.bulk(tunnel, 1, 1 << 20)
        before = {}
        for end in ("near", "far"):
            program = getattr(tunnel, end)
            program.reset_peak()
            before[end] = program.resident_kib()
        loads.bulk(tunnel, 1, bench.pick(1 << 30, 1 << 28))
        return {end: max(0, getattr(tunnel, end).peak_kib() - kib) / 1024 for end, kib in before.items()}
