#!/usr/bin/env python3
"""Checks what programs were hardened with, as readelf sees it.

usage: check_hardening.py PROGRAM…        prints what each lacks, and exits with 1 if one lacks something
"""
import pathlib
import platform
import re
import subprocess
import sys

# What to look for in readelf's output, and how it is called.
WANTED = {
    r"DYN \(Position-Independent Executable file\)": "position independent code",
    "GNU_RELRO": "relocations that are read-only afterwards (relro)",
    "BIND_NOW": "names bound at the start (now)",
    "__stack_chk_fail": "guards on the stack",
    r"__(?!stack_)\w+_chk": "checked calls of libc (FORTIFY)",
}
# Intel's mark of a place where an indirect jump may lead. That a whole program is so marked Debian's own start-up code prevents: it has none.
ENDBR64, MANY = b"\xf3\x0f\x1e\xfa", 100


def lacking(said, program, machine):
    """What a program lacks, whose bytes are `program`, and of which readelf says `said`."""
    found = [what for pattern, what in WANTED.items() if not re.search(pattern, said)]
    if machine == "x86_64" and program.count(ENDBR64) < MANY:
        found.append("guarded jumps (CET)")
    stack = [line for line in said.splitlines() if "GNU_STACK" in line]
    if not stack or "E" in stack[0].split()[-2]:
        found.append("a stack that is not executable")
    return found


def main():
    status = 0
    for program in sys.argv[1:]:
        said = subprocess.run(["readelf", "-Whlnd", "--dyn-syms", program], capture_output=True, text=True, check=True).stdout
        for what in lacking(said, pathlib.Path(program).read_bytes(), platform.machine()):
            print(f"{program} has no {what}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
