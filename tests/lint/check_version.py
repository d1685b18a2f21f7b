#!/usr/bin/env python3
"""The version stands in CMakeLists.txt, and debian/changelog begins with the same one.

usage: check_version.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
cmake = re.search(r"^project\(tsmtp VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE).group(1)
debian = re.match(r"tsmtp \(([^)]+)\)", (root / "debian/changelog").read_text()).group(1)
if cmake != debian:
    sys.exit(f"CMakeLists.txt says {cmake}, debian/changelog {debian}")
