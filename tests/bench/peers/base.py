"""What the compared tunnels have in common. Each leads from its `entry`, an address at the near end of a place, to the
MTA at the far end, and authenticates both ends wherever it can. All may stand in one place at the same time."""

import signal
import subprocess

import mtas
from programs import BenchError, wait_for


class Peer:
    """`far` and `near`: its programs, whose CPU time and memory are counted; None where it needs none."""

    name = ""
    number = 0  # for its ports
    is_tunnel = True  # what an SMTP client can use without knowing

    def __init__(self, bench, place):
        self.place = place
        self.build = bench.build
        self.tools = bench.tools
        self.work = place.work / type(self).__name__.lower()
        self.work.mkdir(exist_ok=True)
        self.keys = bench.work.keys / type(self).__name__.lower()  # made once
        self.keys.mkdir(parents=True, exist_ok=True)
        self.entry = ("127.0.0.1", 5000 + self.number)
        self.link_port = 5500 + self.number
        self.far = None
        self.near = None

    def start(self):
        """Starts it, and returns when a mail could pass."""
        self.start_far()
        self.start_near()
        wait_for(lambda: mtas.greets(self.place.near, *self.entry), f"{self.name}: a greeting of the far MTA")
        for program in self.programs():
            program.check()

    def start_far(self):
        """Returns when the near end can connect."""
        self.far = self.launch_far()
        if self.far:
            wait_for(lambda: mtas.listens(self.place.near, self.place.far.address, self.link_port),
                     f"{self.name}: the far end listens")

    def start_near(self):
        self.near = self.launch_near()

    def kill_far(self):
        self.far.stop(signal.SIGKILL)

    def stop(self):
        for program in self.programs():
            program.stop()
        self.far = self.near = None

    def programs(self):
        return [program for program in (self.far, self.near) if program]

    def cpu_seconds(self):
        return sum(program.cpu_seconds() for program in self.programs())

    def memory_kib(self):
        """Of the near and of the far end."""
        return tuple(program.memory_kib() if program else 0 for program in (self.near, self.far))

    def prepare(self):
        """Writes configurations and keys."""

    def launch_far(self):
        return None

    def launch_near(self):
        return None

    def write(self, name, text):
        (self.work / name).write_text(text)
        return self.work / name


class TlsPeer(Peer):
    """What those with certificates have in common: a self-signed one of P-256 for each end, which the other knows."""

    def prepare(self):
        for end in ("near", "far"):
            pem = self.keys / f"{end}.pem"
            if pem.exists():
                continue
            made = subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "30", "-subj", f"/CN={end}", "-keyout", self.keys / f"{end}.key",
                 "-out", self.keys / f"{end}.crt"], check=False, capture_output=True, text=True)
            if made.returncode != 0:
                raise BenchError(f"openssl makes no certificate: {made.stderr.strip()[-300:]}")
            pem.write_text((self.keys / f"{end}.key").read_text() + (self.keys / f"{end}.crt").read_text())
