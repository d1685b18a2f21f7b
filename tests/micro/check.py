#!/usr/bin/env python3
"""Checks that nothing got slower, by instructions: check.py [--record] [--valgrind VALGRIND] MICRO_BENCHMARKS

Every case of the program has its instructions counted by callgrind, and those of its reference; their ratio may exceed
the one in the file `ratios` of this folder by a few percent. --record writes that file anew.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

RATIOS = pathlib.Path(__file__).resolve().parent / "ratios"
MARGIN = 1.15
# Another compiler makes other instructions of the same source; what is left to find there is a change of kind.
FOREIGN_MARGIN = 1.6

# Libraries choose their functions by the processor. Here they shall choose the same on all of them.
PLAIN_PROCESSOR = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-SSSE3,-SSE4_2",
    "OPENSSL_ia32cap": "0x07000000:0",  # SSE2
}


def count(valgrind, program):
    """Instructions of each case and reference, by name."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/out", program],
            env=os.environ | PLAIN_PROCESSOR, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{program} failed under callgrind:\n{done.stdout}")
        counted = {}
        for file in pathlib.Path(folder).iterdir():
            text = file.read_text()
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
            if name:
                counted[name[1]] = int(re.search(r"^summary: (\d+)", text, re.M)[1])
    return counted


def ratios_of(counted):
    return {name: instructions / counted[name + "/reference"]
            for name, instructions in sorted(counted.items()) if not name.endswith("/reference")}


def read_recorded(text):
    """What it was recorded with, and the ratios."""
    made_with = re.search(r"^# made with (.*)$", text, re.M)[1]
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return made_with, {name: float(ratio) for name, ratio in lines}


def complaints(measured, recorded, margin):
    for name in sorted(measured.keys() | recorded.keys()):
        if name not in recorded:
            yield f"{name}: {measured[name]:.3f} times its reference, and nothing is recorded; record it"
        elif name not in measured:
            yield f"{name}: is recorded, but is no case"
        elif measured[name] > recorded[name] * margin:
            yield (f"{name}: {measured[name]:.3f} times the instructions of its reference, recorded are "
                   f"{recorded[name]:.3f}, at most {recorded[name] * margin:.3f} will do")


def toolchain(program):
    """Compiler, and C library, as far as instructions depend on them."""
    compiler = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(GCC|clang)\D*(\d+)", compiler[compiler.find("clang"):] if "clang" in compiler else compiler)
    libc = os.confstr("CS_GNU_LIBC_VERSION")
    return f"{version[1]} {version[2]}, {libc}, {os.uname().machine}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--valgrind", default="valgrind")
    parser.add_argument("program")
    arguments = parser.parse_args()

    measured = ratios_of(count(arguments.valgrind, arguments.program))
    here = toolchain(arguments.program)
    if arguments.record:
        RATIOS.write_text("# Instructions of each case by those of its reference; written by check.py --record.\n"
                          f"# made with {here}\n" + "".join(f"{name} {ratio:.3f}\n" for name, ratio in measured.items()))
        return
    made_with, recorded = read_recorded(RATIOS.read_text())
    margin = MARGIN if here == made_with else FOREIGN_MARGIN
    print(f"made with {here}, recorded with {made_with}: up to {margin} times what is recorded will do")
    for name, ratio in measured.items():
        print(f"{name:28} {ratio:8.3f}   recorded {recorded.get(name, float('nan')):8.3f}")
    found = list(complaints(measured, recorded, margin))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
