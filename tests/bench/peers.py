"""The tunnels that are compared. Each is started at both ends of a place and leads from its `entry`, an address at the
near end, to the MTA at the far end. All of them authenticate both ends, by keys of P-256 or Ed25519, and set TCP_NODELAY."""

import subprocess

from programs import BenchError, wait_for

MTA_PORT = 2500
LINK_PORT = 5443


def greets(end, address, port):
    """Whether an MTA says 220 there."""
    probe = ("import socket,sys\n"
             f"s = socket.create_connection(({address!r}, {port}), 2)\n"
             "s.settimeout(2); sys.exit(not s.recv(1000).startswith(b'220'))")
    return subprocess.run(end.command(["python3", "-c", probe]), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


class Peer:
    """`programs`: the tunnel's own, whose CPU time is counted."""

    name = ""
    entry = ("127.0.0.1", 5000)

    def __init__(self, build, work):
        self.build = build
        self.work = work / type(self).__name__.lower()
        self.work.mkdir(parents=True, exist_ok=True)
        self.programs = []

    def start(self, place):
        self.launch(place)
        wait_for(lambda: greets(place.near, *self.entry), f"{self.name}: a greeting of the far MTA")
        for program in self.programs:
            program.check()

    def launch(self, place):
        raise NotImplementedError

    def stop(self):
        for program in self.programs:
            program.stop()
        self.programs = []

    def cpu_seconds(self):
        return sum(program.cpu_seconds() for program in self.programs)

    def write(self, name, text):
        (self.work / name).write_text(text)
        return self.work / name


class Direct(Peer):
    """No tunnel."""

    name = "direct"

    def launch(self, place):
        self.entry = (place.far.address, MTA_PORT)


class Relayd(Peer):
    """Two relayds with what relayd.toml needs at least."""

    name = "relayd"
    entry = ("127.0.5.2", 5000)

    def launch(self, place):
        near_pin, far_pin = self._identity("tokyo"), self._identity("birl")
        near = self._config("tokyo", "birl", far_pin, self.entry[0], dial=f'"{place.far.address}:{LINK_PORT}"')
        far = self._config("birl", "tokyo", near_pin, "127.0.5.3", listen=f'"{place.far.address}:{LINK_PORT}"')
        relayd = self.build / "relayd/cli/relayd"
        self.programs = [place.far.start("relayd-far", [relayd, "--config", far, "--foreground"]),
                         place.near.start("relayd-near", [relayd, "--config", near, "--foreground"])]

    def _config(self, hub, site, pin, address, listen="", dial=""):
        return self.write(f"{hub}.toml", f"""
[hub]
name = "{hub}"
identity = "{self.work}/{hub}.pem"
state_dir = "{self.work}/{hub}-state"
control = "{self.work}/{hub}.sock"
listen = [{listen}]
[[site]]
name = "{site}"
pin = ["{pin}"]
dial = [{dial}]
address = "{address}"
deliver = "127.0.0.1:{MTA_PORT}"
domains = ["{site}.example"]
local = ["{hub}.example"]
max_message = "2GiB"
""")

    def _identity(self, hub):
        config = self.write(f"{hub}-init.toml", f"""
[hub]
name = "{hub}"
identity = "{self.work}/{hub}.pem"
state_dir = "{self.work}/{hub}-state"
control = "{self.work}/{hub}.sock"
""")
        relayctl = [self.build / "relayd/cli/relayctl", "--config", config]
        if not (self.work / f"{hub}.pem").exists():
            subprocess.run(relayctl + ["init"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        said = subprocess.run(relayctl + ["fingerprint"], check=True, stdout=subprocess.PIPE, text=True).stdout
        return said[said.index("sha256:"):].split()[0]


class Ssh(Peer):
    """`ssh -L`, as in the paper: one connection for all. Its sshd is started for it alone."""

    name = "ssh -L"

    def launch(self, place):
        for key in ("host", "user"):
            if not (self.work / key).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / key], check=True)
        authorized = self.write("authorized_keys", (self.work / "user.pub").read_text())
        server = self.write("sshd_config", f"""
Port 2222
ListenAddress {place.far.address}
HostKey {self.work}/host
AuthorizedKeysFile {authorized}
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PidFile none
""")
        known = self.write("known_hosts", f"[{place.far.address}]:2222 " + (self.work / "host.pub").read_text())
        subprocess.run(["mkdir", "-p", "/run/sshd"], check=True)
        self.programs = [place.far.start("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", server])]
        wait_for(lambda: "listening" in self.programs[0].log.read_text(), "sshd listens")
        self.programs.append(place.near.start("ssh", [
            "/usr/bin/ssh", "-F", "none", "-N", "-i", self.work / "user", "-p", "2222",
            "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes", "-o", "ExitOnForwardFailure=yes",
            "-L", f"{self.entry[0]}:{self.entry[1]}:127.0.0.1:{MTA_PORT}", f"root@{place.far.address}"]))


class TlsPeer(Peer):
    """What the TLS wrappers have in common: a key for each end, which the other knows."""

    def certificates(self):
        for end in ("near", "far"):
            pem = self.work / f"{end}.pem"
            if pem.exists():
                continue
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "30", "-subj", f"/CN={end}", "-keyout", self.work / f"{end}.key",
                 "-out", self.work / f"{end}.crt"], check=True, stderr=subprocess.DEVNULL)
            pem.write_text((self.work / f"{end}.key").read_text() + (self.work / f"{end}.crt").read_text())


class Stunnel(TlsPeer):
    """As its manual's examples have it, with keys for both ends. It sets TCP_NODELAY and resumes TLS sessions."""

    name = "stunnel"

    def launch(self, place):
        self.certificates()
        common = """
foreground = yes
debug = err
pid =
sslVersionMin = TLSv1.3
"""
        far = self.write("far.conf", f"""{common}
[mail]
accept = {place.far.address}:{LINK_PORT}
connect = 127.0.0.1:{MTA_PORT}
cert = {self.work}/far.pem
CAfile = {self.work}/near.crt
verifyPeer = yes
""")
        near = self.write("near.conf", f"""{common}
[mail]
client = yes
accept = {self.entry[0]}:{self.entry[1]}
connect = {place.far.address}:{LINK_PORT}
cert = {self.work}/near.pem
CAfile = {self.work}/far.crt
verifyPeer = yes
""")
        self.programs = [place.far.start("stunnel-far", ["/usr/bin/stunnel", far]),
                         place.near.start("stunnel-near", ["/usr/bin/stunnel", near])]


class HaProxy(TlsPeer):
    """TCP mode. It sets TCP_NODELAY and resumes TLS sessions too."""

    name = "HAProxy"

    def launch(self, place):
        self.certificates()
        common = """
global
  maxconn 4000
defaults
  mode tcp
  timeout connect 10s
  timeout client 10m
  timeout server 10m
"""
        far = self.write("far.cfg", f"""{common}
listen mail
  bind {place.far.address}:{LINK_PORT} ssl crt {self.work}/far.pem ca-file {self.work}/near.crt verify required ssl-min-ver TLSv1.3
  server mta 127.0.0.1:{MTA_PORT}
""")
        near = self.write("near.cfg", f"""{common}
listen mail
  bind {self.entry[0]}:{self.entry[1]}
  server far {place.far.address}:{LINK_PORT} ssl crt {self.work}/near.pem ca-file {self.work}/far.crt verify required ssl-min-ver TLSv1.3
""")
        self.programs = [place.far.start("haproxy-far", ["/usr/sbin/haproxy", "-db", "-f", far]),
                         place.near.start("haproxy-near", ["/usr/sbin/haproxy", "-db", "-f", near])]


ALL = [Direct, Relayd, Ssh, Stunnel, HaProxy]


def chosen(names):
    if not names:
        return ALL
    by_name = {peer.__name__.lower(): peer for peer in ALL}
    unknown = [name for name in names if name.lower() not in by_name]
    if unknown:
        raise BenchError(f"no peer {unknown[0]}; there are {', '.join(by_name)}")
    return [by_name[name.lower()] for name in names]
