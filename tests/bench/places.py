"""Where the two ends are: together in one network namespace, or apart at the ends of an emulated link."""

import subprocess

from programs import BenchError, Program


_PATIENCE = 300


class End:
    """A network namespace in which programs run."""

    def __init__(self, name_space, address, work):
        self.address = address
        self._prefix = ["nsenter", f"--net={name_space}", "--"]
        self._work = work

    def command(self, arguments):
        return self._prefix + [str(a) for a in arguments]

    def start(self, name, arguments):
        return Program(self.command(arguments), self._work / f"{name}.log")

    def run(self, arguments, **options):
        """Runs to the end; returns what it wrote to standard output."""
        try:
            done = subprocess.run(self.command(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=_PATIENCE, **options)
        except subprocess.TimeoutExpired as late:
            raise BenchError(f"{arguments[0]} did not end within {_PATIENCE} s") from late
        if done.returncode != 0:
            raise BenchError(f"{arguments[0]} ended with status {done.returncode}:\n{done.stderr or done.stdout}")
        return done.stdout


class Together:
    """One namespace for both ends: no latency but the machine's."""

    def __init__(self, _build, work):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "up\n":
            raise BenchError("cannot make a network namespace (are we root?)")
        path = f"/proc/{self._holder.pid}/ns/net"
        self.near = End(path, "127.0.0.1", work)
        self.far = End(path, "127.0.0.1", work)

    def close(self):
        self._holder.stdin.close()
        self._holder.wait()


class Apart:
    """The two ends of an emulated link."""

    def __init__(self, build, work, round_trip_ms, *more):
        self.round_trip = round_trip_ms / 1000
        self._emulator = subprocess.Popen(
            [build / "tests/support/link_emulator/link_emulator", "--delay", str(round_trip_ms / 2), *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self._emulator.stdout.readline().split()
        if len(ready) != 3:
            raise BenchError("link_emulator does not start (are we root?)")
        self.near = End(ready[1], "10.99.0.1", work)
        self.far = End(ready[2], "10.99.0.2", work)

    def reset_round_trips(self):
        self._command("reset")

    def round_trips(self):
        """Since the reset: the longest chain of payload packets that answer each other."""
        return int(self._command("count").split()[-1])

    def close(self):
        self._emulator.stdin.close()
        self._emulator.wait()

    def _command(self, line):
        print(line, file=self._emulator.stdin, flush=True)
        return self._emulator.stdout.readline()
