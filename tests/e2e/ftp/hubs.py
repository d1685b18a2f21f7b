"""The servers of birl as services, and where tokyo's clients find them. Each server is a service by its IPv4 address and by its IPv6
address, once more to read from only, and once more slowly; tokyo has each at an IPv4 and an IPv6 address."""
import clients
import servers
import two_relayds

WAYS = {"IPv4": "127.0.0.1", "IPv6": "[::1]"}

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


def start():
    two_relayds.start(
        "".join(FORWARD.format(name=name, v4=f"127.0.8.1:{port}", v6=f"[::1]:{port}") for name, _, _, port in services()),
        "".join(SERVICE.format(name=name, to=to, more=more) for name, to, more, _ in services()))
    try:
        for name, _, _, port in services():
            servers.await_greeting(f"forward {name}", "127.0.8.1", port)
            servers.await_greeting(f"forward {name}", "::1", port)
    except SystemExit:
        two_relayds.show()
        raise
