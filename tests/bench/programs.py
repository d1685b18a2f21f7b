"""Programs under measurement: started in a network namespace, stopped with the benchmark, and how much they use."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """What could not be measured, and why; for the user."""


def _die_with_us():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition, what, patience=20.0):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {patience:.0f} s")
        time.sleep(0.02)


class Program:
    """One program and what it forks."""

    def __init__(self, arguments, log):
        self.log = Path(log)
        self.name = self.log.stem
        with open(log, "wb") as out:
            self._process = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                preexec_fn=_die_with_us)

    @property
    def pid(self):
        return self._process.pid

    def check(self):
        if self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"{self.name} ended with status {self._process.returncode}:\n{tail}")

    def stop(self):
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu_seconds(self):
        """User and system time of it and its descendants, those that have ended included."""
        stats = _all_stats()
        members, found = set(), {self.pid}
        while found:
            members |= found
            found = {pid for pid, (parent, _) in stats.items() if parent in found} - members
        total = sum(stats[pid][1] for pid in members if pid in stats)
        return total / _TICKS

    def resident_kib(self):
        return self._status("VmRSS")

    def reset_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak_kib(self):
        return self._status("VmHWM")

    def _status(self, key):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise BenchError(f"{self.name}: no {key}")


def _all_stats():
    """{pid: (parent, ticks)} of all processes; ticks with those of reaped children."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        stats[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return stats
