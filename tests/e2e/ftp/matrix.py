#!/usr/bin/env python3
"""Every client's every mode with every server, over IPv4 and IPv6 at both ends; files compared byte for byte.

usage: matrix.py [direct] [WORD…]     only the sessions whose names have all the words
"""
import os
import pathlib
import shutil
import sys
import time

import checks
import clients
import hubs
import servers
import two_relayds

UP, DOWN = os.urandom(300_001), os.urandom(700_001)


def put_down():
    """The file to be fetched, and nothing else."""
    for file in servers.HOME.iterdir():
        if file.is_file():
            file.unlink()
    (servers.HOME / "down").write_bytes(DOWN)
    shutil.chown(servers.HOME / "down", servers.USER)


def until(holds, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise clients.Failed(what)
        time.sleep(0.05)


def content(path):
    return path.read_bytes() if path.exists() else None


def run_session(place, uploads, session):
    put_down()
    work = pathlib.Path("/tmp/work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "up").write_bytes(UP)
    listing = session(place, work)
    if content(work / "down") != DOWN:
        raise clients.Failed("what was fetched is not what is there\n" + listing)
    if uploads:
        until(lambda: content(servers.HOME / "up") == UP, "what arrived is not what was sent")
    if "down" not in listing:
        raise clients.Failed("the list of files lacks one\n" + listing)


def places(direct):
    """Name and place of each way to a server."""
    for server, port in servers.PORTS.items():
        if direct:
            yield f"{server} over IPv4", clients.Place("127.0.0.1", port)
            yield f"{server} over IPv6", clients.Place("::1", port)
        else:
            yield from hubs.places(server)


def runs(direct):
    """Name and function of all that is tried."""
    for way, place in places(direct):
        for client, uploads, session in clients.sessions(place.is_v6):
            yield f"{client} to {way}", lambda place=place, uploads=uploads, session=session: run_session(place, uploads, session)
    for server in () if direct else servers.PORTS:
        for name, check in checks.checks(server):
            yield name, lambda check=check: (put_down(), check())


def main(words):
    direct = "direct" in words
    words = [word for word in words if word != "direct"]
    servers.start()
    if not direct:
        hubs.start()
    failed = count = 0
    for name, run in runs(direct):
        if not all(word in name for word in words):
            continue
        count += 1
        began = time.monotonic()
        try:
            run()
            print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
        except Exception as error:  # any, so that the others are tried too
            failed += 1
            print(f"{name}: FAILED after {time.monotonic() - began:.1f} s: {error!r}", flush=True)
    print(f"{count} sessions and checks, {failed} failed")
    if failed and not direct:
        two_relayds.show()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
