"""What the experiments have in common: places, peers in them, and turns."""

import concurrent.futures
import contextlib
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import mtas
import programs
from figures import Measured
from programs import BenchError
from tools import Tools

_preparing = threading.Lock()  # peers of a kind share their keys


class Work:
    """Directories that are gone when the benchmark is, however it ends."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="tsmtp-bench-"))
        # sendmail takes no certificate from below a directory where others may write, such as /tmp.
        self.keys = Path(tempfile.mkdtemp(prefix="tsmtp-bench-", dir="/run"))
        self.queues = []

    def __truediv__(self, name):
        return self.path / name

    def close(self):
        for directory in (*self.queues, self.keys, self.path):
            shutil.rmtree(directory, ignore_errors=True)


class Bench:
    """`scale`: "full", "quick" or "smoke". `report`: that of the experiment that runs."""

    def __init__(self, scale, build, work, peers):
        self._scale = scale
        self.build = build
        self.work = work
        self.tools = Tools(work)
        self.peers = peers
        self.report = None

    def pick(self, full, quick, smoke=None):
        """What this run can afford."""
        return {"full": full, "quick": quick, "smoke": quick if smoke is None else smoke}[self._scale]

    def tunnels(self):
        """The peers that any SMTP client can use, without a tunnel among them."""
        return [peer for peer in self.peers if peer.is_tunnel]

    @contextlib.contextmanager
    def place(self, kind, *arguments, **conditions):
        work = Path(tempfile.mkdtemp(dir=self.work.path))
        place = kind(self.build, work, *arguments, **conditions)
        try:
            yield place
        finally:
            place.close()

    @contextlib.contextmanager
    def mta(self, place, start=mtas.start_sink):
        """The far MTA: one of mtas.start_…"""
        program = start(self.tools, place)
        try:
            yield program
        finally:
            program.stop()

    @contextlib.contextmanager
    def tunnel(self, peer, place):
        """One peer, started."""
        instance = self.prepared(peer, place)
        try:
            instance.start()
            yield instance
        finally:
            instance.stop()

    @contextlib.contextmanager
    def started(self, peers, place):
        """All of them in one place; those that do not start are reported, and left out."""
        running = []
        with contextlib.ExitStack() as stack:
            for peer in peers:
                try:
                    running.append(stack.enter_context(self.tunnel(peer, place)))
                except (BenchError, OSError) as error:
                    self.failed("start", peer, error)
            yield running

    def prepared(self, peer, place):
        """One peer, with its keys and configurations written."""
        instance = peer(self, place)
        with _preparing:
            instance.prepare()
        return instance

    def turns(self, case, peers, turns, measure, at_once=None):
        """measure(peer, turn) gives {metric: value}; one after the other, or the "peers" of a turn at once, or those of
        all "turns". One that fails is reported, and left out of the turns that have not begun."""
        measured, failed = Measured(), set()
        every = [(peer, turn) for turn in range(turns) for peer in peers]
        size = {None: 1, "peers": len(peers), "turns": len(every)}[at_once]
        for first in range(0, len(every), max(1, size)):
            now = [(peer, turn) for peer, turn in every[first:first + size] if peer not in failed]
            self.progress(f"{case}, turn {every[first][1] + 1}: {', '.join(dict.fromkeys(peer.name for peer, _ in now))}")
            outcomes = self._at_once(lambda pair: self._outcome(measure, *pair), now)
            for (peer, turn), outcome in zip(now, outcomes):
                if isinstance(outcome, Exception):
                    failed.add(peer)
                    self.failed(case, peer, outcome)
                    outcome = {}
                measured.add(turn, peer.name, outcome)
        return measured

    def failed(self, case, peer, error):
        self.progress(f"{case}, {peer.name} failed: {error}")
        self.report.failure(case, peer.name, str(error).replace("\n", " "))

    @staticmethod
    def progress(text):
        print(f"  {text}", file=sys.stderr, flush=True)

    @staticmethod
    def _outcome(measure, peer, turn):
        try:
            return measure(peer, turn)
        except (BenchError, OSError, ValueError) as error:
            return error

    @staticmethod
    def _at_once(action, items):
        if len(items) == 1:
            return [action(items[0])]
        with concurrent.futures.ThreadPoolExecutor(max(1, len(items))) as pool:
            try:
                return list(pool.map(action, items))
            except BaseException:
                programs.kill_all()  # or the pool waits for them
                raise
