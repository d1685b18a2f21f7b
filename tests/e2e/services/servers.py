"""The servers at birl: dovecot, telnetd, a WHOIS server, redis at a unix socket, sshd."""
import pathlib
import socket
import socketserver
import subprocess
import threading
import time

DIR = pathlib.Path("/tmp/servers")
USER, PASSWORD = "anna", "secret"
SUBJECTS = ["first", "second", "third"]

DOVECOT = """
protocols = pop3 imap
listen = 127.0.0.1
base_dir = /tmp/servers/dovecot
log_path = /tmp/servers/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = scheme=PLAIN /tmp/servers/users
}
userdb {
  driver = passwd
}
login_trusted_networks = 127.0.0.0/8
service imap-login {
  inet_listener imap {
    port = 2143
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 2110
  }
}
"""

# Debian 13 has dovecot 2.4, with other words for the same.
DOVECOT_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = pop3 imap
listen = 127.0.0.1
base_dir = /tmp/servers/dovecot
log_path = /tmp/servers/dovecot.log
ssl = no
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {
  passwd_file_path = /tmp/servers/users
  default_password_scheme = PLAIN
}
userdb passwd {
}
login_trusted_networks = 127.0.0.0/8
service imap-login {
  inet_listener imap {
    port = 2143
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 2110
  }
}
"""

SSHD = """
Port 2122
ListenAddress 127.0.0.1
HostKey /tmp/servers/hostkey
PidFile none
AuthorizedKeysFile /tmp/servers/authorized_keys
StrictModes no
UsePAM no
"""


class Whois(socketserver.StreamRequestHandler):
    """RFC 3912: one line asks, the answer ends with the connection."""

    def handle(self):
        self.wfile.write(b"You asked for " + self.rfile.readline().strip() + b"\r\n" + b"% " + b"x" * 70_000 + b"\r\nend\r\n")


def start():
    DIR.mkdir()
    (DIR / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="ascii")
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout
    (DIR / "dovecot.conf").write_text(DOVECOT_2_4 if version.startswith("2.4") else DOVECOT, encoding="ascii")
    for folder in "new", "cur", "tmp":
        (pathlib.Path("/home/anna/Maildir") / folder).mkdir(parents=True)
    for number, subject in enumerate(SUBJECTS):
        pathlib.Path(f"/home/anna/Maildir/new/{number}.test").write_text(
            f"From: joe@birl.example\nTo: anna@tokyo.example\nSubject: {subject}\n\n{'text ' * 2000}\n", encoding="ascii")
    subprocess.run(["chown", "-R", "anna:", "/home/anna"], check=True)
    run("dovecot", "dovecot", "-F", "-c", DIR / "dovecot.conf")
    run("telnetd", "socat", "TCP-LISTEN:2123,bind=127.0.0.1,reuseaddr,fork", "EXEC:/usr/sbin/telnetd,nofork")
    run("redis", "redis-server", "--port", "0", "--unixsocket", DIR / "redis.sock", "--dir", DIR, "--save", "")
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", DIR / "hostkey"], check=True)
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", DIR / "userkey"], check=True)
    (DIR / "authorized_keys").write_text((DIR / "userkey.pub").read_text(encoding="ascii"), encoding="ascii")
    (DIR / "sshd_config").write_text(SSHD, encoding="ascii")
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    run("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", DIR / "sshd_config")
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    whois = socketserver.ThreadingTCPServer(("127.0.0.1", 2143 + 100), Whois)
    threading.Thread(target=whois.serve_forever, daemon=True).start()
    for port in 2110, 2143, 2122, 2123, 2243:
        await_port(port)


def run(name, *command):
    with open(DIR / f"{name}.log", "ab") as log:
        subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def await_port(port, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody listens at port {port}")
        time.sleep(0.1)


# Name, where it is at birl, where programs find it at tokyo.
SERVICES = [
    ("pop3", "127.0.0.1:2110", "127.0.8.1:110"),
    ("imap", "127.0.0.1:2143", "127.0.8.1:143"),
    ("telnet", "127.0.0.1:2123", "127.0.8.1:23"),
    ("whois", "127.0.0.1:2243", "127.0.8.1:43"),
    ("ssh", "127.0.0.1:2122", "127.0.8.1:22"),
    ("redis", "unix:/tmp/servers/redis.sock", "unix:/tmp/redis-forward.sock"),
]
