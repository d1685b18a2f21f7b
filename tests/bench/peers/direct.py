"""No tunnel."""

import mtas
from peers.base import Peer


class Direct(Peer):
    name = "direct"

    def prepare(self):
        self.entry = (self.place.far.address, mtas.PORT)
