#!/usr/bin/env python3
"""The target `programs`, which install-by-hand.md and quickstart build, makes every program that `cmake --install` wants.

usage: check_programs.py BUILD        a build directory that ninja can read
"""
import pathlib
import re
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
makes = subprocess.run(["ninja", "-C", build, "-t", "query", "programs"], check=True, capture_output=True, text=True).stdout.split()
wanted = set()
for script in build.rglob("cmake_install.cmake"):
    wanted |= set(re.findall(rf'TYPE EXECUTABLE [^)]*"{build}/([^"]+)"', script.read_text(encoding="utf-8")))
missing = sorted(wanted - set(makes))
assert wanted, "nothing is installed: this test looks in the wrong place"
print("\n".join(f"`programs` does not make {one}, which is installed" for one in missing) or f"it makes all {len(wanted)}")
sys.exit(1 if missing else 0)
