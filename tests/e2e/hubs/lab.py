"""The six hubs and the directory of their routes: their configuration, and what may befall them. `run` has started their containers, which wait for /etc/hub."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
NETWORKS = {"tokyo": "192.0.2.1", "birl": "192.0.2.2", "directory": "192.0.2.3"}  # and the host's number
LOCAL = {"tokyo": "127.0.5.2", "birl": "127.0.5.3"}  # the address of the other site there
CLIENTS = "192.0.2.1"


def other(site):
    return "birl" if site == "tokyo" else "tokyo"


def until(seconds, what, condition):
    """Four times as long, for a machine that is busy."""
    deadline = time.monotonic() + 4 * seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain until: {what}")
        time.sleep(0.1)


class Host:
    """By its name, which ends in its number at its site (tokyo1)."""

    def __init__(self, name, prefix):
        self.name, self.site, self.container = name, name[:-1], f"{prefix}-{name}"
        self.address = NETWORKS[self.site] + name[-1]
        self.init, self.pin = self.pid_of_init(), None

    def podman(self, *words, **more):
        return subprocess.run([*PODMAN, *words], capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL, **more)

    def run(self, *command):
        return self.podman("exec", self.container, *command)

    def said(self, *command):
        done = self.run(*command)
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def pid_of_init(self):
        return int(self.podman("container", "inspect", "--format", "{{.State.Pid}}", self.container).stdout or 0)

    def put(self, directory):
        """Lays the files below a directory over the hub's own."""
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.add(directory, arcname=".", filter=lambda one: one.replace(uid=0, gid=0, uname="root", gname="root", deep=False))
            file.seek(0)
            subprocess.run([*PODMAN, "exec", "-i", self.container, "tar", "-C", "/", "-x", "--no-overwrite-dir"], stdin=file, check=True)

    def put_files(self, files):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                path = pathlib.Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="ascii")
            self.put(directory)

    def text(self, path):
        """Of one of its files; nothing while it is dead."""
        try:
            return pathlib.Path(f"/proc/{self.init}/root", path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def processes(self, name):
        """The machine's numbers of the hub's processes of that name."""
        try:
            mine = os.readlink(f"/proc/{self.init}/ns/pid")
        except OSError:
            return []
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (process / "comm").read_text().strip() == name and os.readlink(process / "ns/pid") == mine:
                    found.append(int(process.name))
            except OSError:
                pass  # it has ended meanwhile
        return found

    def kill(self, name):
        for process in self.processes(name):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def die(self):
        """All of it at once, as if the plug were pulled. What it wrote is on its disk."""
        os.kill(self.init, signal.SIGKILL)
        until(30, f"{self.name} is dead", lambda: self.podman("container", "inspect", "--format", "{{.State.Status}}", self.container).stdout.strip() == "exited")
        self.init = 0

    def come_back(self):
        until(30, f"{self.name} starts again", lambda: self.podman("start", self.container).returncode == 0)
        self.init = self.pid_of_init()


HUB_TOML = """[hub]
name = "{name}"
identity = "/etc/tsmtp/identity.pem"
listen = [{listen}]
state_dir = "/var/lib/tsmtp"
control = "/run/tsmtp/control.sock"
user = "tsmtp"
"""

LEDGER_TOML = """
[ledger]
engine = "etcd"
endpoints = [{endpoints}]
prefix = "/tsmtp/{site}"
timeout = "3s"
on_lost_hub = "wait"
share_doubts = {share_doubts}
"""

SITE_TOML = """
[[site]]
name = "{far}"
address = "{address}"
deliver = "127.0.0.1:25"
domains = ["{far}.example"]
local = ["{near}.example"]
prefer = "spread"
peer_timeout = "{peer_timeout}s"
"""

SITE_HUB_TOML = """
  [[site.hub]]
  name = "{name}"
  pin = ["{pin}"]
  dial = [{dial}]
"""

# The second line, because a machine that runs tests is busy; the third, because a minute is long here.
SENDMAIL_MC = """include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
include(`/usr/share/sendmail/cf/examples/hub.mc')dnl
MASQUERADE_AS(`{site}.example')dnl
"""

CONFIGURE = """set -e
id load >/dev/null 2>&1 || useradd --create-home load
cd /etc/mail
cp service.switch-nodns service.switch
chown root:root . ./*
chmod 755 .
m4 sendmail.mc >sendmail.cf
printf 'O QueueLA=1000\\nO RefuseLA=1000\\nO Timeout.hoststatus=1s\\nO MinQueueAge=1s\\n' >>sendmail.cf
makemap hash access.db <access
makemap hash tsmtp-sites.db <tsmtp-sites
sendmail -bi >/dev/null
mailertable build mailertable
"""

PROGRAMS = """always etcd --name {name} --data-dir /var/lib/etcd --initial-cluster {cluster} --initial-advertise-peer-urls http://{address}:2380 \\
  --listen-peer-urls http://{address}:2380 --advertise-client-urls http://{address}:2379 --listen-client-urls http://{address}:2379,http://127.0.0.1:2379 \\
  >>/var/log/etcd.log 2>&1 &
always relayd --foreground 2>>/var/log/relayd.log &
always tsmtp-routes --ldap ldap://{directory} --base ou=mail,dc=example --clear-text --own-site {site} -o /etc/mail/mailertable --follow 2>>/var/log/routes.log &
always sendmail -bD -q2s &
"""

SLAPD_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/tsmtp.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
pidfile /run/slapd.pid
database mdb
directory /var/lib/ldap-mail
suffix "dc=example"
rootdn "cn=admin,dc=example"
rootpw secret
overlay syncprov
"""

ENTRIES = """dn: dc=example
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ou=mail,dc=example
objectClass: organizationalUnit
ou: mail
"""

SITE_ENTRY = """
dn: cn={site},ou=mail,dc=example
objectClass: tsmtpSite
cn: {site}
tsmtpSiteName: {site}
tsmtpDomain: {site}.example
"""

ROUTE_ENTRY = """dn: cn={key},ou=mail,dc=example
objectClass: tsmtpRoute
cn: {key}
tsmtpRouteKey: {key}
tsmtpRouteValue: esmtp:[192.0.2.99]
"""


class Lab:
    def __init__(self, prefix, state, peer_timeout=5):
        self.prefix, self.state, self.peer_timeout = prefix, pathlib.Path(state), peer_timeout
        self.hubs = [Host(f"{site}{number}", prefix) for site in ("tokyo", "birl") for number in (1, 2, 3)]
        self.directory = Host("directory1", prefix)

    def of(self, site):
        return [hub for hub in self.hubs if hub.site == site]

    def configure(self):
        shutil.rmtree(self.state / "tree/etc/tsmtp", ignore_errors=True)
        self.make_directory()
        self.each(self.make_identity)
        self.each(self.configure_hub)
        self.each(lambda hub: hub.said("mv", "/etc/hub-programs", "/etc/hub"))  # now it starts them
        for hub in self.hubs:
            until(60, f"{hub.name} has its links", lambda hub=hub: self.links_up(hub) == 3)
            until(60, f"{hub.name} has its routes", lambda hub=hub: other(hub.site) in hub.text("etc/mail/mailertable"))

    def each(self, what):
        """For all hubs at once: most of it is waiting."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(what, self.hubs))

    def configure_hub(self, hub):
        hub.put_files(self.files_of(hub))
        hub.said("bash", "-c", CONFIGURE)
        hub.said("relayd", "--check")

    def make_directory(self):
        schema = (pathlib.Path(__file__).resolve().parents[3] / "docs/schema/tsmtp.schema").read_text(encoding="ascii")
        entries = ENTRIES + "".join(SITE_ENTRY.format(site=site) for site in ("tokyo", "birl"))
        self.directory.put_files({
            "etc/ldap/schema/tsmtp.schema": schema, "etc/ldap/lab.conf": SLAPD_CONF, "etc/ldap/entries": entries,
            "etc/hub-programs": f"always slapd -d 0 -f /etc/ldap/lab.conf -h ldap://{self.directory.address} &\n",
        })
        self.directory.said("sh", "-c", "mkdir -p /var/lib/ldap-mail && slapadd -f /etc/ldap/lab.conf -l /etc/ldap/entries && mv /etc/hub-programs /etc/hub")

    def edit(self, key):
        """A route more in the directory. False while that does not answer."""
        entry = ROUTE_ENTRY.format(key=key)
        return self.directory.run("sh", "-c", f"printf '%s' '{entry}' | ldapadd -x -H ldap://{self.directory.address} -D cn=admin,dc=example -w secret").returncode == 0

    def have_route(self, key):
        """Hubs whose table has it."""
        return [hub.name for hub in self.hubs if key in hub.text("etc/mail/mailertable")]

    def make_identity(self, hub):
        hub.put(self.state / "tree")
        hub.put_files({"tmp/init.toml": HUB_TOML.format(name=hub.name, listen="")})
        hub.said("install", "-d", "/etc/tsmtp", "-o", "tsmtp", "/var/lib/tsmtp")
        hub.pin = hub.said("relayctl", "--config", "/tmp/init.toml", "init").strip()

    def files_of(self, hub):
        near, far = hub.site, other(hub.site)
        mates = self.of(near)
        # One side dials. Its own member of etcd comes first.
        dials = near == "tokyo"
        endpoints = ["127.0.0.1", *(mate.address for mate in mates if mate is not hub)]
        toml = HUB_TOML.format(name=hub.name, listen="" if dials else '"0.0.0.0:5443"')
        toml += LEDGER_TOML.format(endpoints=", ".join(f'"http://{one}:2379"' for one in endpoints), site=near,
                                   share_doubts="true" if near == "birl" else "false")
        toml += SITE_TOML.format(near=near, far=far, address=LOCAL[near], peer_timeout=self.peer_timeout)
        for one in sorted(self.of(far), key=lambda one: one.name[-1] != hub.name[-1]):
            toml += SITE_HUB_TOML.format(name=one.name, pin=one.pin, dial=f'"{one.address}:5443"' if dials else "")
        names = "".join(f"{one.address}\t{one.name}.{one.site}.example\n" for one in self.hubs)
        return {
            "etc/tsmtp/relayd.toml": toml,
            "etc/hosts": f"127.0.0.1\tlocalhost\n{names}{LOCAL[near]}\t{far}.tsmtp\n{CLIENTS}\tclients.{near}.example\n",
            "etc/mail/sendmail.mc": SENDMAIL_MC.format(site=near),
            "etc/mail/access": f"Connect:127.0.0.1\tRELAY\nConnect:{LOCAL[near]}\tSKIP\nConnect:{CLIENTS}\tRELAY\n",
            "etc/mail/local-host-names": f"{near}.example\n",
            "etc/mail/relay-domains": "",
            "etc/mail/mailertable": "",
            "etc/mail/tsmtp-domains": f"{far}.example\n",
            "etc/mail/tsmtp-sites": f"{far}.example\t{LOCAL[near]}\n{LOCAL[near]}\t{far}\n",
            "etc/hub-programs": PROGRAMS.format(name=hub.name, site=near, address=hub.address, directory=self.directory.address,
                                                cluster=",".join(f"{mate.name}=http://{mate.address}:2380" for mate in mates)),
        }

    @staticmethod
    def status(hub):
        done = hub.run("relayctl", "status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def links_up(self, hub):
        return sum(one["state"] == "up" for site in self.status(hub).get("sites", []) for one in site["hubs"])

    def line(self, one, two, verb):
        """verb: add cuts the line between two hubs (what they send is dropped), delete mends it."""
        for pair in (one, two), (two, one):
            subprocess.run(["nft", verb, "element", "bridge", "lines", "cut", f"{{ {pair[0].address} . {pair[1].address} }}"], check=True)
