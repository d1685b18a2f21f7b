"""spiped with its usual handshake. A key that both ends share authenticates them."""

import os

import mtas
from peers.base import Peer


class Spiped(Peer):
    name = "spiped"
    number = 6

    def prepare(self):
        key = self.keys / "key"
        if not key.exists():
            key.write_bytes(os.urandom(32))

    def launch_far(self):
        return self._launch(self.place.far, "far", "-d", f"[{self.place.far.address}]:{self.link_port}",
                            f"[127.0.0.1]:{mtas.PORT}")

    def launch_near(self):
        return self._launch(self.place.near, "near", "-e", f"[{self.entry[0]}]:{self.entry[1]}",
                            f"[{self.place.far.address}]:{self.link_port}")

    def _launch(self, end, name, direction, source, target):
        return end.start(f"spiped-{name}", [
            "/usr/bin/spiped", "-F", direction, "-s", source, "-t", target, "-k", self.keys / "key", "-n", "4000"])
