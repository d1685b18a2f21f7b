#!/usr/bin/env python3
"""m4's look at the list of tunnel-only domains (tsmtp_domains.awk) and `mailertable domains' agree about every list of lists.py.

    domains_agree.py MAILERTABLE
"""

import pathlib
import subprocess
import sys
import tempfile

from jobs import ROOT
from lists import GOOD, RIGHT, wrong

AWK = ROOT / "m4/m4/tsmtp_domains.awk"


def main():
    failures = []
    cases = {name: (GOOD + line + b"\n", True) for name, (line, _) in wrong().items()} | {name: (text, False) for name, text in RIGHT.items()}
    cases["empty"] = (b"# nothing\n", True)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "tsmtp-domains"
        for name, (text, bad) in cases.items():
            path.write_bytes(text)
            awk = subprocess.run(["awk", "-v", "kind=file", "-f", AWK, path], capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=True)
            program = subprocess.run([sys.argv[1], "domains", path], capture_output=True, check=False)
            found = (b"_TSMTP_COMPLAIN_" in awk.stdout, program.returncode != 0)
            if found != (bad, bad):
                failures.append(f"{name}: m4 complains: {found[0]}, mailertable: {found[1]}, expected {bad}: {program.stderr[:200]}")
    for text in failures:
        print("FAILED:", text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
