#!/usr/bin/env python3
"""Builds tables of growing size with makemap and with mailertable, in one run: seconds, memory, size of the result.

usage: tables.py [LINES…]      100000 1000000, unless other sizes are named; needs a release build, and fetches the real makemap
"""
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def write_text(path, lines):
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    with open(path, "w", encoding="ascii") as out:
        for i in range(lines):
            word = "".join(rng.choices(letters, k=11))
            out.write(f"{word[:6]}{i}.{word[6:]}.example\ttsmtp:[127.0.{i % 200}.{i % 250}]\n")


def measure(command, text):
    """Seconds on the clock, seconds of CPU, MB of memory at most."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with open(text, "rb") as stdin:
        subprocess.run([sys.executable, "-c", LIMITED, *command], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, int(pathlib.Path(REPORT).read_text()) // 1024


# A process that says what its child used, since the most that any child ever used is all that we could ask for.
LIMITED = """import resource, subprocess, sys
subprocess.run(sys.argv[2:] if sys.argv[1] == '--' else sys.argv[1:], check=True)
open(%r, 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))"""
REPORT = ""


def main():
    global REPORT, LIMITED
    sizes = [int(word) for word in sys.argv[1:]] or [100_000, 1_000_000]
    tools = pathlib.Path(subprocess.run([ROOT / "tests/tables/sendmail-tools"], capture_output=True, text=True, check=True).stdout.strip())
    ours = str(ROOT / "build/release/mailertable/mailertable")
    print(f"{'lines':>9}  {'program':<24}{'seconds':>8}{'CPU':>8}{'MB':>6}{'result':>8}")
    with tempfile.TemporaryDirectory(prefix="tables.") as scratch:
        work = pathlib.Path(scratch)
        REPORT = str(work / "report")
        LIMITED = LIMITED % REPORT
        (work / "cf").touch()
        for lines in sizes:
            text, table = work / "text", work / "t.db"
            write_text(text, lines)
            programs = {
                "makemap hash": [str(tools / "bin/makemap"), "-C", str(work / "cf"), "hash", str(table)],
                "build -t hash": [ours, "build", "-t", "hash", "-o", str(table), str(text)],
                "mailertable makemap hash": [ours, "makemap", "-C", str(work / "cf"), "hash", str(table)],
                "makemap btree": [str(tools / "bin/makemap"), "-C", str(work / "cf"), "btree", str(table)],
                "build -t btree": [ours, "build", "-t", "btree", "-o", str(table), str(text)],
                "check": [ours, "check", str(text)],
            }
            for name, command in programs.items():
                table.unlink(missing_ok=True)
                seconds, cpu, memory = measure(["--", *command], text)
                size = table.stat().st_size // 1_000_000 if table.exists() else 0
                print(f"{lines:>9}  {name:<24}{seconds:>8.2f}{cpu:>8.2f}{memory:>6}{size:>8}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
