#!/usr/bin/env python3
"""The version stands in CMakeLists.txt, and debian/changelog and docs/CHANGELOG.md begin with the same one.

usage: check_version.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
cmake = re.search(r"^project\(tsmtp VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE).group(1)
debian = re.match(r"tsmtp \(([^)]+)\)", (root / "debian/changelog").read_text()).group(1)
news = re.search(r"^## \[([^\]]+)\]", (root / "docs/CHANGELOG.md").read_text(), re.MULTILINE).group(1)
if not cmake == debian == news:
    sys.exit(f"CMakeLists.txt says {cmake}, debian/changelog {debian}, docs/CHANGELOG.md {news}")
