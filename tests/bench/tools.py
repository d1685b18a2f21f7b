"""The programs that the benchmark needs: relayd itself, the peers, load generators. What is missing is installed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from programs import BenchError, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_PEERS = ("haproxy", "stunnel", "spiped", "sshd", "ssh-keygen", "openssl", "nsenter", "m4")
_PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


class Tools:
    """`sendmail` and the directory `postfix`: unpacked beside the build when they are first asked for."""

    def __init__(self, work):
        self._work = work
        self._unpacked = {}

    @property
    def postfix(self):
        return self._unpack(ROOT / "tests/support/postfix-tools")

    @property
    def sendmail(self):
        return self._unpack(HERE / "sendmail-tools") / "sendmail"

    def sendmail_cf(self, mc, work, **names):
        """A configuration, with a queue in memory if there is some, so that the disk is not what is measured."""
        work.mkdir(exist_ok=True)
        if not (work / "mqueue").exists():
            memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
            queue = Path(tempfile.mkdtemp(prefix="tsmtp-bench-", dir=memory))
            self._work.queues.append(queue)
            (work / "mqueue").symlink_to(queue)
        (work / "service.switch").write_text("hosts files\naliases files\n")
        defined = [f"{name}={value}" for name, value in {"WORK": work, **names}.items() if value is not None]
        config = work / mc.replace(".mc", ".cf")
        config.write_text(run([self.sendmail.parent / "make-cf", mc, *defined]))
        return config

    def _unpack(self, script):
        if script not in self._unpacked:
            self._unpacked[script] = Path(run([script], patience=300).strip())
        return self._unpacked[script]


def provide(build, wants_peers, say):
    """Installs and builds what is not there. `build`: None for the release build of this tree."""
    if os.geteuid() != 0:
        raise BenchError("network namespaces need root")
    if wants_peers and any(not shutil.which(program, path=_PATH) for program in _PEERS):
        say("installing what is missing")
        _do([ROOT / "contrib/install-deps", "bench"])
    wanted = [(build or ROOT / "build/release") / program for program in (
        "relayd/cli/relayd", "relayd/cli/relayctl", "tests/support/link_emulator/link_emulator")]
    missing = [program for program in wanted if not program.exists()]
    if missing and build:
        raise BenchError(f"{missing[0]} is missing")
    if not build:
        say("building (or finding it built)")
        if not (ROOT / "build/release/build.ninja").exists():
            _do([ROOT / "contrib/install-deps", "build"])
            _do(["cmake", "--preset", "release"])
        _do(["cmake", "--build", "--preset", "release", "--target", "relayd", "relayctl", "link_emulator"])


def _do(command):
    done = subprocess.run([str(word) for word in command], cwd=ROOT, check=False, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(str(word) for word in command)} failed:\n{done.stdout[-2000:]}")
