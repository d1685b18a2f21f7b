"""Two relayds with a link between them, in one container: tokyo, where the programs are, and birl, where the services are."""
import json
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
audit = "{dir}/audit.jsonl"
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
    done = relayctl(name, "init")
    if done.returncode != 0:
        raise SystemExit(f"relayctl init: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def start(at_tokyo, at_birl):
    """at_tokyo, at_birl: the [[forward]] and [[service]] sections. Returns when both have been started."""
    pins = {name: init(name) for name in ("tokyo", "birl")}
    configure("birl", "tokyo", pins["tokyo"], '"127.0.7.1:5443"', "", "127.0.6.2", at_birl)
    configure("tokyo", "birl", pins["birl"], "", '"127.0.7.1:5443"', "127.0.5.2", at_tokyo)
    for name in pins:
        with open(DIR / name / "log", "wb") as file:
            subprocess.Popen([PROGRAMS / "relayd", "--foreground", "--config", DIR / name / "relayd.toml"],
                             stdin=subprocess.DEVNULL, stdout=file, stderr=file)


def relayctl(name, *words):
    return subprocess.run([PROGRAMS / "relayctl", "--config", DIR / name / "relayd.toml", *words], capture_output=True, text=True, check=False)


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


def audits(hub, seconds=60, **wanted):
    """Whether a hub has an audit record with those values sooner or later."""
    deadline = time.monotonic() + seconds
    while True:
        with open(DIR / hub / "audit.jsonl", encoding="utf-8") as file:
            if any(wanted.items() <= json.loads(line).items() for line in file):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


def show():
    for name in "tokyo", "birl":
        print(f"--- {name}")
        print("\n".join(log(name).splitlines()[-60:]), flush=True)
