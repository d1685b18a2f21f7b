"""Programs under measurement: started in a network namespace, stopped with the benchmark, and how much they use."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_running = set()  # what must not outlive an interrupted benchmark
_lock = threading.Lock()


class BenchError(Exception):
    """What could not be measured, and why; for the user."""


def _last_line(text):
    """What a program says at last is the cause; what stands before is where it was."""
    return (text.strip().splitlines() or [""])[-1][-200:]


def wait_for(condition, what, patience=20.0):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {patience:.0f} s")
        time.sleep(0.02)


def run(arguments, patience=60, **options):
    """Runs to the end; returns what it wrote to standard output."""
    process = _popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                     stdin=subprocess.PIPE if "input" in options else subprocess.DEVNULL)
    try:
        out, error = process.communicate(options.get("input"), timeout=patience)
    except subprocess.TimeoutExpired as late:
        raise BenchError(f"{_name(arguments)} did not end within {patience} s") from late
    finally:
        _end(process)
    if process.returncode != 0:
        raise BenchError(f"{_name(arguments)} ended with status {process.returncode}: {_last_line(error or out)}")
    return out


def kill_all():
    """For an interrupted benchmark: whoever waits for one of its programs waits no longer."""
    with _lock:
        processes = list(_running)
    for process in processes:
        for pid in _family(process.pid):
            _kill(pid)


class Program:
    """One program and what it forks."""

    def __init__(self, arguments, log, **pipes):
        self.log = Path(log)
        self.name = self.log.stem
        with open(log, "ab") as out:
            self._process = _popen(arguments, **{"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, **pipes})

    @property
    def pipes(self):
        """With .stdin and .stdout, where they were asked for."""
        return self._process

    @property
    def pid(self):
        return self._process.pid

    def check(self):
        if self._process.poll() is not None:
            tail = self.log.read_text(errors="replace").strip()[-500:]
            raise BenchError(f"{self.name} ended with status {self._process.returncode}: {tail}")

    def stop(self, how=signal.SIGTERM):
        family = _family(self.pid) if self._process.poll() is None else []
        if family:
            self._process.send_signal(how)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        for pid in family:
            _kill(pid)
        _end(self._process)

    def cpu_seconds(self):
        """User and system time of it and its descendants, those that have ended included."""
        self.check()
        stats = _all_stats()
        return sum(stats[pid][1] for pid in _family(self.pid, stats) if pid in stats) / _TICKS

    def memory_kib(self):
        """Resident memory of the largest of it and its descendants, and what the others do not share."""
        largest, private = max((_memory(pid) for pid in _family(self.pid)), default=(0, 0))
        return largest - private + sum(_memory(pid)[1] for pid in _family(self.pid))

    def reset_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def resident_kib(self):
        return _field(f"/proc/{self.pid}/status", "VmRSS")

    def peak_kib(self):
        return _field(f"/proc/{self.pid}/status", "VmHWM")


def _name(arguments):
    """Of the program that matters, for messages."""
    names = [Path(str(a)).name for a in arguments if not str(a).startswith("-")]
    return next((name for name in names if name not in ("nsenter", "python3")), names[0])


def _popen(arguments, **options):
    process = subprocess.Popen([str(a) for a in arguments], start_new_session=True, preexec_fn=_die_with_us, **options)
    with _lock:
        _running.add(process)
    return process


def _die_with_us():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(process):
    if process.poll() is None:
        for pid in _family(process.pid):
            _kill(pid)
        process.wait()
    with _lock:
        _running.discard(process)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _memory(pid):
    """KiB resident, and KiB of its own; of one that has just ended nothing."""
    path = f"/proc/{pid}/smaps_rollup"
    try:
        return _field(path, "Rss"), _field(path, "Private_Clean") + _field(path, "Private_Dirty")
    except BenchError:
        return 0, 0


def _field(path, key):
    try:
        for line in Path(path).read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
    except OSError:
        pass
    raise BenchError(f"{path}: no {key}")


def _family(pid, stats=None):
    """It and its descendants."""
    stats = stats or _all_stats()
    members, found = set(), {pid}
    while found:
        members |= found
        found = {child for child, (parent, _) in stats.items() if parent in found} - members
    return members


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
