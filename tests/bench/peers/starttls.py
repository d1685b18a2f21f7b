"""No tunnel either: sendmail speaks STARTTLS with the far sendmail, and each demands the other's certificate."""

import mtas
from peers.base import TlsPeer


class StartTls(TlsPeer):
    name = "STARTTLS"
    number = 7
    is_tunnel = False  # only sendmail can use it

    def prepare(self):
        super().prepare()
        self.entry = (self.place.far.address, self.link_port)

    def launch_far(self):
        return mtas.start_sendmail(self.tools, self.place, self.link_port, certificates=self.keys)
