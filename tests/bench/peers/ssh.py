"""`ssh -L`, as in the paper: one connection for all, in a loop that starts it again. Its sshd is started for it alone.

The remote command is there for speed: with `-N` instead, sshd never sets TCP_NODELAY, and mails wait for delayed
acknowledgements. Of its ciphers AES-128-GCM is the fastest here.
"""

import subprocess

import mtas
from peers.base import Peer


class Ssh(Peer):
    name = "ssh -L"
    number = 3

    def prepare(self):
        for key in ("host", "user"):
            if not (self.keys / key).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / key], check=True)
        subprocess.run(["mkdir", "-p", "/run/sshd"], check=True)  # sshd's own wish
        far = self.place.far.address
        self.write("authorized_keys", (self.keys / "user.pub").read_text())
        self.write("known_hosts", f"[{far}]:{self.link_port} " + (self.keys / "host.pub").read_text())
        self.write("sshd_config", f"""
Port {self.link_port}
ListenAddress {far}
HostKey {self.keys}/host
AuthorizedKeysFile {self.work}/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PidFile none
""")
        self.write("ssh_config", f"""
Host far
HostName {far}
Port {self.link_port}
User root
IdentityFile {self.keys}/user
UserKnownHostsFile {self.work}/known_hosts
StrictHostKeyChecking yes
ExitOnForwardFailure yes
Ciphers aes128-gcm@openssh.com
ServerAliveInterval 5
ServerAliveCountMax 3
LocalForward {self.entry[0]}:{self.entry[1]} 127.0.0.1:{mtas.PORT}
""")

    def launch_far(self):
        return self.place.far.start("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", self.work / "sshd_config"])

    def launch_near(self):
        ssh = f"/usr/bin/ssh -F {self.work}/ssh_config far sleep infinity"
        return self.place.near.start("ssh", ["sh", "-c", f"while :; do {ssh}; sleep 1; done"])
