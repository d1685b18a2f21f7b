"""Two relayds, with nothing in relayd.toml but what it needs (and room for large mails)."""

import subprocess

import mtas
from peers.base import Peer
from programs import run

HUBS = ("tokyo", "birl")


class Relayd(Peer):
    name = "relayd"
    number = 1
    extra = ""  # lines of [[site]], at both ends

    def prepare(self):
        self.entry = (f"127.0.5.{2 * self.number}", 5000)
        near_pin, far_pin = (self._pin(hub) for hub in HUBS)
        link = f'"{self.place.far.address}:{self.link_port}"'
        self.write("near.toml", self._hub("tokyo") + self._site("tokyo", "birl", far_pin, self.entry[0], dial=link))
        self.write("far.toml", self._hub("birl", listen=link)
                   + self._site("birl", "tokyo", near_pin, f"127.0.5.{2 * self.number + 1}"))

    def launch_far(self):
        return self._launch(self.place.far, "far")

    def launch_near(self):
        return self._launch(self.place.near, "near")

    def _launch(self, end, name):
        return end.start(f"{self.work.name}-{name}", [
            self.build / "relayd/cli/relayd", "--config", self.work / f"{name}.toml", "--foreground"])

    def _hub(self, hub, listen=""):
        return f"""[hub]
name = "{hub}"
identity = "{self.keys}/{hub}.pem"
state_dir = "{self.work}/{hub}-state"
control = "{self.work}/{hub}.sock"
listen = [{listen}]
"""

    def _site(self, hub, site, pin, address, dial=""):
        return f"""[[site]]
name = "{site}"
pin = ["{pin}"]
dial = [{dial}]
address = "{address}"
deliver = "127.0.0.1:{mtas.PORT}"
domains = ["{site}.example"]
local = ["{hub}.example"]
max_message = "4GiB"
{self.extra}
"""

    def _pin(self, hub):
        relayctl = [self.build / "relayd/cli/relayctl", "--config", self.write(f"{hub}-identity.toml", self._hub(hub))]
        if not (self.keys / f"{hub}.pem").exists():
            run(relayctl + ["init"])
        said = run(relayctl + ["fingerprint"])
        return said[said.index("sha256:"):].split()[0]


class CompressingRelayd(Relayd):
    name = "relayd, compress = true"
    number = 2
    extra = "compress = true\n"

    def is_understood(self):
        """Whether this relayd can do it."""
        self.prepare()
        return subprocess.run([self.build / "relayd/cli/relayd", "--config", self.work / "near.toml", "--check"],
                              check=False, capture_output=True).returncode == 0
