"""relayd's memory: a mail of 1 GiB on its way, and 1,000 idle sessions at an endpoint."""

import subprocess
from pathlib import Path

import loads
import peers
import places
import table

IDLE_SESSIONS = 900  # an endpoint takes 1,000
IDLE_TARGET_KIB = 32
MAIL_TARGET_KIB = 8 * 1024
HERE = Path(__file__).resolve().parent.parent


def run(bench):
    peer = peers.Relayd(bench.build, bench.work)
    with bench.place(places.Together) as place, bench.sink(place), bench.tunnel(peer, place):
        loads.smtp_source(bench.postfix, place, peer.entry, 1)  # what is allocated once
        rows = _idle_sessions(place, peer) + _big_mail(bench, place, peer)
    table.show("Memory of relayd, over what it had before", ["", "near", "far", "target", ""], rows)


def _big_mail(bench, place, peer):
    size = (1 << 28) if bench.quick else (1 << 30)
    before = []
    for program in peer.programs:
        program.reset_peak()
        before.append(program.resident_kib())
    rate = place.near.run(["python3", HERE / "big_mail.py", *peer.entry, size]).strip()
    far, near = (program.peak_kib() - was for program, was in zip(peer.programs, before))
    bench.progress(f"a mail of {size >> 20} MiB, {rate} MB/s")
    return [[f"peak, a mail of {size >> 20} MiB ({rate} MB/s)", f"{near} KiB", f"{far} KiB", "a few MiB",
             table.target(max(near, far) <= MAIL_TARGET_KIB)]]


def _idle_sessions(place, peer):
    near = peer.programs[1]
    before = near.resident_kib()
    client = subprocess.Popen(
        place.near.command(["python3", HERE / "idle_sessions.py", *peer.entry, IDLE_SESSIONS]),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ready = client.stdout.readline()
    each = (near.resident_kib() - before) / IDLE_SESSIONS
    client.stdin.close()
    client.wait()
    return [[f"each of {IDLE_SESSIONS} idle sessions", f"{each:.1f} KiB", "", f"< {IDLE_TARGET_KIB} KiB",
             table.target(ready == "ready\n" and each < IDLE_TARGET_KIB)]]
