"""Where figures come from: the commit and the machine."""

import datetime
import functools
import os
import platform
import shutil
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return (f"Commit {commit()}; {os.cpu_count()} CPUs, {model}; Linux {platform.release()}, "
            f"{system.get('PRETTY_NAME', '').strip(chr(34))}")


def line(mode):
    """To be shown below every table, for a part of a document may be older than another."""
    today = datetime.date.today().isoformat()
    return f"*{machine()}; `{mode}`, {today}; load when it ended {os.getloadavg()[0]:.1f}*"


@functools.cache  # before the run itself changes a document
def commit():
    if shutil.which("git") is None:
        return "unknown"
    done = subprocess.run(["git", "-C", _ROOT, "describe", "--always", "--dirty", "--exclude", "*"], check=False,
                          capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
