"""stunnel as its manual's examples have it, with keys for both ends. It sets TCP_NODELAY and resumes TLS sessions."""

import mtas
from peers.base import TlsPeer

_COMMON = """
foreground = yes
debug = err
pid =
sslVersionMin = TLSv1.3
ciphersuites = TLS_AES_128_GCM_SHA256
"""


class Stunnel(TlsPeer):
    name = "stunnel"
    number = 4

    def launch_far(self):
        return self._launch(self.place.far, "far", "near", f"""
accept = {self.place.far.address}:{self.link_port}
connect = 127.0.0.1:{mtas.PORT}
""")

    def launch_near(self):
        return self._launch(self.place.near, "near", "far", f"""
client = yes
accept = {self.entry[0]}:{self.entry[1]}
connect = {self.place.far.address}:{self.link_port}
""")

    def _launch(self, end, name, other, service):
        config = self.write(f"{name}.conf", f"""{_COMMON}
[mail]{service}cert = {self.keys}/{name}.pem
CAfile = {self.keys}/{other}.crt
verifyPeer = yes
""")
        return end.start(f"stunnel-{name}", ["/usr/bin/stunnel", config])
