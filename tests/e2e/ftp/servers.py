"""The three FTP servers, each on all addresses at a port of its own, with one user, joe."""
import pathlib
import socket
import subprocess
import time

HOME = pathlib.Path("/srv/joe")
USER, PASSWORD = "joe", "secret"
PORTS = {"vsftpd": 2101, "proftpd": 2102, "pure-ftpd": 2103}
LOGS = pathlib.Path("/tmp/servers")

VSFTPD = """
listen=NO
listen_ipv6=YES
listen_port=2101
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
connect_from_port_20=NO
seccomp_sandbox=NO
isolate_network=NO
async_abor_enable=YES
secure_chroot_dir=/tmp/servers/empty
"""

PROFTPD = """
ServerName test
ServerType standalone
Port 2102
UseIPv6 on
DefaultAddress 0.0.0.0 ::
SocketBindTight off
UseReverseDNS off
User nobody
Group nogroup
AuthPAM off
AuthOrder mod_auth_unix.c
RequireValidShell off
AllowOverwrite on
AllowStoreRestart on
DelayEngine off
PidFile /tmp/servers/proftpd.pid
ScoreboardFile /tmp/servers/proftpd.score
ControlsEngine off
WtmpLog off
TransferLog none
"""


def start():
    """Starts all, and waits until each greets on IPv4 and IPv6."""
    (LOGS / "empty").mkdir(parents=True)
    # lftp takes no IPv6 address where the host has none but ::1.
    subprocess.run(["ip", "address", "add", "2001:db8::1/128", "dev", "lo"], check=True)
    HOME.chmod(0o755)
    (LOGS / "vsftpd.conf").write_text(VSFTPD, encoding="ascii")
    (LOGS / "proftpd.conf").write_text(PROFTPD, encoding="ascii")
    commands = {
        "vsftpd": ["vsftpd", str(LOGS / "vsftpd.conf")],
        "proftpd": ["proftpd", "--nodaemon", "-c", str(LOGS / "proftpd.conf")],
        # -E: no anonymous users, -H: no names, -l unix: /etc/passwd, -u 100: joe may log in; -S: where.
        "pure-ftpd": ["pure-ftpd", "-E", "-H", "-l", "unix", "-u", "100", "-S", "2103"],
    }
    for name, command in commands.items():
        with open(LOGS / f"{name}.log", "wb") as log:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for name, port in PORTS.items():
        for host in "127.0.0.1", "::1":
            await_greeting(name, host, port)


def await_greeting(name, host, port, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((host, port), timeout=5) as connection:
                if connection.recv(100).startswith(b"220"):
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"{name} does not greet at {host} port {port}")
        time.sleep(0.1)
