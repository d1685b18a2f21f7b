"""Where the two ends are: together in one network namespace, or apart at the ends of an emulated link."""

import subprocess

from programs import BenchError, Program, run


class End:
    """A network namespace in which programs run."""

    def __init__(self, name_space, address, work):
        self.address = address
        self._prefix = ["nsenter", f"--net={name_space}", "--"]
        self._work = work
        # What one tunnel's connection learns of the path must not help or harm the next one's.
        self.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save"])

    def command(self, arguments):
        return self._prefix + [str(a) for a in arguments]

    def start(self, name, arguments, **pipes):
        return Program(self.command(arguments), self._work / f"{name}.log", **pipes)

    def run(self, arguments, **options):
        """Runs to the end; returns what it wrote to standard output."""
        return run(self.command(arguments), **options)


class _Place:
    """A program that holds network namespaces as long as its standard input is open, and obeys it."""

    def __init__(self, work, name, arguments):
        self.work = work
        self._program = Program(arguments, work / f"{name}.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._pipes = self._program.pipes

    def command(self, line):
        print(line, file=self._pipes.stdin, flush=True)
        return self._pipes.stdout.readline()

    def close(self):
        self._program.stop()


class Together(_Place):
    """One namespace for both ends: no latency but the machine's."""

    def __init__(self, _build, work):
        super().__init__(work, "together", ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"])
        if self._pipes.stdout.readline() != "up\n":
            self.close()
            raise BenchError("cannot make a network namespace (are we root?)")
        path = f"/proc/{self._program.pid}/ns/net"
        self.near = End(path, "127.0.0.1", work)
        self.far = End(path, "127.0.0.1", work)


class Apart(_Place):
    """The two ends of an emulated link."""

    def __init__(self, build, work, round_trip_ms, **conditions):
        """`conditions`: rate (bits a second), queue (bytes), loss (share)."""
        self.round_trip = round_trip_ms / 1000
        arguments = [build / "tests/support/link_emulator/link_emulator", "--delay", round_trip_ms / 2]
        for key, value in conditions.items():
            arguments += [f"--{key}", value]
        super().__init__(work, "link_emulator", arguments)
        ready = self._pipes.stdout.readline().split()
        if len(ready) != 3:
            self.close()
            raise BenchError(f"link_emulator does not start: {(work / 'link_emulator.log').read_text().strip()}")
        self.near = End(ready[1], "10.99.0.1", work)
        self.far = End(ready[2], "10.99.0.2", work)

    def use_congestion(self, algorithm):
        """The kernel's congestion control at both ends, for connections made from now on."""
        for end in (self.near, self.far):
            end.run(["sh", "-c", f"echo {algorithm} >/proc/sys/net/ipv4/tcp_congestion_control"])

    def cut(self, is_cut):
        self.command("cut" if is_cut else "uncut")

    def reset_round_trips(self):
        self.command("reset")

    def round_trips(self):
        """Since the reset: the longest chain of payload packets that answer each other."""
        return int(self.command("count").split()[-1])
