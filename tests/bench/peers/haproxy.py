"""HAProxy in TCP mode, a thread for each CPU as it does by itself. It sets TCP_NODELAY and resumes TLS sessions too."""

import mtas
from peers.base import TlsPeer


class HaProxy(TlsPeer):
    name = "HAProxy"
    number = 5

    def launch_far(self):
        return self._launch(self.place.far, "far", f"""
  bind {self.place.far.address}:{self.link_port} {self._tls("far", "near")}
  server mta 127.0.0.1:{mtas.PORT}
""")

    def launch_near(self):
        return self._launch(self.place.near, "near", f"""
  bind {self.entry[0]}:{self.entry[1]}
  server far {self.place.far.address}:{self.link_port} {self._tls("near", "far")}
""")

    def _tls(self, end, other):
        return (f"ssl crt {self.keys}/{end}.pem ca-file {self.keys}/{other}.crt verify required ssl-min-ver TLSv1.3 "
                "ciphersuites TLS_AES_128_GCM_SHA256")

    def _launch(self, end, name, proxy):
        config = self.write(f"{name}.cfg", f"""
global
  maxconn 4000
defaults
  mode tcp
  timeout connect 10s
  timeout client 10m
  timeout server 10m
listen mail{proxy}""")
        return end.start(f"haproxy-{name}", ["/usr/sbin/haproxy", "-db", "-f", config])
