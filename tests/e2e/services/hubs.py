"""Two relayds with a link between them: tokyo, where the programs are, and birl, where the services are."""
import pathlib
import subprocess
import time

PROGRAMS = pathlib.Path("/relayd")
DIR = pathlib.Path("/tmp/hubs")

HUB = """
[hub]
name = "{name}"
identity = "{dir}/identity.pem"
state_dir = "{dir}/state"
control = "{dir}/control.sock"
listen = [{listen}]

[[site]]
name = "{site}"
pin = ["{pin}"]
dial = [{dial}]
address = "{address}"
domains = ["{site}.example"]
local = ["{name}.example"]
"""


def configure(name, site, pin, listen, dial, address, more):
    (DIR / name / "relayd.toml").write_text(
        HUB.format(name=name, dir=DIR / name, site=site, pin=pin, listen=listen, dial=dial, address=address) + more, encoding="ascii")


def init(name):
    (DIR / name / "state").mkdir(parents=True)
    configure(name, "none", "sha256:" + 43 * "A" + "=", '"127.0.7.9:5443"', "", "127.0.9.9", "")
    done = subprocess.run([PROGRAMS / "relayctl", "--config", DIR / name / "relayd.toml", "init"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"relayctl init: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def start(services):
    """services: name, where it is at birl, where programs find it at tokyo."""
    pins = {name: init(name) for name in ("tokyo", "birl")}
    configure("birl", "tokyo", pins["tokyo"], '"127.0.7.1:5443"', "", "127.0.6.2", "".join(
        f'[[service]]\nname = "{name}"\nto = "{to}"\nsites = ["tokyo"]\n' for name, to, _ in services))
    configure("tokyo", "birl", pins["birl"], "", '"127.0.7.1:5443"', "127.0.5.2", "".join(
        f'[[forward]]\nlisten = ["{listen}"]\nsite = "birl"\nservice = "{name}"\n' for name, _, listen in services))
    for name in pins:
        with open(DIR / name / "log", "wb") as log:
            subprocess.Popen([PROGRAMS / "relayd", "--foreground", "--config", DIR / name / "relayd.toml"],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for name, _, _ in services:
        if not logs("tokyo", f"forward to {name}: open to programs here"):
            show()
            raise SystemExit(f"the forward to {name} does not open")


def log(name):
    return (DIR / name / "log").read_text(encoding="utf-8", errors="replace")


def logs(name, text, seconds=60):
    """Whether a hub logs that sooner or later."""
    deadline = time.monotonic() + seconds
    while text not in log(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def show():
    for name in "tokyo", "birl":
        print(f"--- {name}")
        print("\n".join(log(name).splitlines()[-60:]), flush=True)
