"""Who takes the mails, at the far end. None of them keeps any."""

import subprocess
from pathlib import Path

from programs import wait_for

PORT = 2500
_CLIENTS = Path(__file__).resolve().parent / "clients"


def start_sink(tools, place):
    """Postfix's smtp-sink."""
    return _started(place, place.far.start("smtp-sink", [
        tools.postfix / "smtp-sink", "-u", "nobody", "-m", "4000", f"0.0.0.0:{PORT}", "1024"]), PORT)


def start_bulk_sink(_tools, place):
    """One that takes gigabytes a second."""
    return _started(place, place.far.start("bulk-sink", ["python3", "-B", _CLIENTS / "bulk_sink.py", PORT]), PORT)


def start_sendmail(tools, place, port=PORT, certificates=None):
    """The real one, which accepts every mail in full and discards it (`$#discard` in check_mail); with `certificates` it
    offers STARTTLS, and takes mail only from who has near.crt."""
    work = place.work / f"sendmail-{port}"
    config = tools.sendmail_cf("mta.mc", work, ADDRESS=place.far.address, PORT=port, CERTS=certificates)
    return _started(place, place.far.start(work.name, [tools.sendmail, f"-C{config}", "-bD"]), port)


def greets(end, address, port):
    """Whether an MTA says 220 there."""
    return _probe(end, address, port, "s.settimeout(2); sys.exit(not s.recv(1000).startswith(b'220'))")


def listens(end, address, port):
    return _probe(end, address, port, "")


def _started(place, program, port):
    wait_for(lambda: program.check() or greets(place.far, place.far.address, port), f"{program.name}'s greeting")
    return program


def _probe(end, address, port, more):
    probe = f"import socket,sys\ns = socket.create_connection(({address!r}, {port}), 2)\n{more}"
    return subprocess.run(end.command(["python3", "-c", probe]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0
