"""Two relayds with a link between them: tokyo, where the clients are, and birl, where the servers are. Each server is a service
by its IPv4 address and by its IPv6 address, once more to read from only, and once more slowly; tokyo has each at an IPv4 and an IPv6 address."""
import json
import pathlib
import subprocess
import time

import clients
import servers

PROGRAMS = pathlib.Path("/relayd")
DIR = pathlib.Path("/tmp/hubs")
WAYS = {"IPv4": "127.0.0.1", "IPv6": "[::1]"}

HUB = """
[hub]
name = "{name}"
identity = "{dir}/identity.pem"
state_dir = "{dir}/state"
control = "{dir}/control.sock"
audit = "{dir}/audit.jsonl"
listen = [{listen}]

[[site]]
name = "{site}"
pin = ["{pin}"]
dial = [{dial}]
address = "{address}"
deliver = "127.0.0.1:25"
domains = ["{site}.example"]
local = ["{name}.example"]
"""

SERVICE = """
[[service]]
name = "{name}"
to = "{to}"
sites = ["tokyo"]
protocol = "ftp"
{more}
"""

FORWARD = """
[[forward]]
listen = ["{v4}", "{v6}"]
site = "birl"
service = "{name}"
"""


def services():
    """Name, place of the server, further keys, port of the forward."""
    port = 3100
    for server, server_port in servers.PORTS.items():
        for family, host in WAYS.items():
            port += 1
            yield f"{server}-{family}", f"{host}:{server_port}", "", port
        port += 1
        yield f"{server}-reading", f"127.0.0.1:{server_port}", 'ftp_refuse = ["stor", "STOU", "APPE", "DELE"]', port
        port += 1
        yield f"{server}-slow", f"127.0.0.1:{server_port}", 'idle_timeout = "3s"\nbytes_per_second = { to_site = "100KiB" }', port


def places(server):
    """Name and place of each way to a server."""
    for name, _, _, port in services():
        for family in WAYS:
            if name == f"{server}-{family}":
                yield f"{server} by {family}, over IPv4", clients.Place("127.0.8.1", port)
                yield f"{server} by {family}, over IPv6", clients.Place("::1", port)


def place_of(service):
    return next(clients.Place("127.0.8.1", port) for name, _, _, port in services() if name == service)


def configure(name, site, pin, listen, dial, address, more):
    (DIR / name / "relayd.toml").write_text(
        HUB.format(name=name, dir=DIR / name, site=site, pin=pin, listen=listen, dial=dial, address=address) + more, encoding="ascii")


def init(name):
    (DIR / name / "state").mkdir(parents=True)
    configure(name, "none", "sha256:" + 43 * "A" + "=", '"127.0.7.9:5443"', "", "127.0.9.9", "")
    done = subprocess.run([PROGRAMS / "relayctl", "--config", DIR / name / "relayd.toml", "init"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"relayctl init: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def start():
    pins = {name: init(name) for name in ("tokyo", "birl")}
    configure("birl", "tokyo", pins["tokyo"], '"127.0.7.1:5443"', "", "127.0.6.2",
              "".join(SERVICE.format(name=name, to=to, more=more) for name, to, more, _ in services()))
    configure("tokyo", "birl", pins["birl"], "", '"127.0.7.1:5443"', "127.0.5.2",
              "".join(FORWARD.format(name=name, v4=f"127.0.8.1:{port}", v6=f"[::1]:{port}") for name, _, _, port in services()))
    for name in pins:
        with open(DIR / name / "log", "wb") as log:
            subprocess.Popen([PROGRAMS / "relayd", "--foreground", "--config", DIR / name / "relayd.toml"],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for name, _, _, port in services():
            servers.await_greeting(f"forward {name}", "127.0.8.1", port)
            servers.await_greeting(f"forward {name}", "::1", port)
    except SystemExit:
        show()
        raise


def log(name):
    return (DIR / name / "log").read_text(encoding="utf-8", errors="replace")


def logs(name, text, seconds=60):
    """Whether a hub logs that sooner or later."""
    deadline = time.monotonic() + seconds
    while text not in log(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def audits(hub, seconds=60, **wanted):
    """Whether a hub has an audit record with those values sooner or later."""
    deadline = time.monotonic() + seconds
    while True:
        with open(DIR / hub / "audit.jsonl", encoding="utf-8") as file:
            if any(wanted.items() <= json.loads(line).items() for line in file):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


def show():
    for name in "tokyo", "birl":
        print(f"--- {name}")
        print("\n".join(log(name).splitlines()[-60:]), flush=True)
