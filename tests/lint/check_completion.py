#!/usr/bin/env python3
"""The completion of bash, and of zsh where that is installed, offers every command and option that a program's --help names, and no others.

usage: check_completion.py ROOT PROGRAM...
"""
import os
import re
import shutil
import subprocess
import sys

ROOT, PROGRAMS = sys.argv[1], sys.argv[2:]


def told(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=False).stdout


def options_in(text):
    """By another way than the completion's: whatever looks like an option at the begin of an indented line."""
    return {name for line in re.findall(r"^ +(-[^ ]+)", text, re.MULTILINE) for name in line.split("=")[0].split(",")}


def commands_in(text):
    if "Subcommands:" in text:
        text = text.split("Subcommands:")[1]
    elif "Options:" in text:
        return set()
    return set(re.findall(r"^  ([a-z][a-z-]*)\b", text, re.MULTILINE))


def by_bash(*words):
    script = """compopt() { :; }
      . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tsmtp; printf '%s\\n' "${COMPREPLY[@]}" """
    said = subprocess.run(["bash", "-c", script, ROOT + "/contrib/completion/tsmtp.bash", *words], capture_output=True, text=True, check=True)
    return set(said.stdout.split())


# What _tsmtp gives to _describe is what zsh offers.
ZSH = """
  _describe() { shift $(($# - 1)); printf '%s\\n' "${(@P)1}"; }
  _files() { :; }
  words=("$@") CURRENT=$#
  eval "$(sed '$d' "$0")"
  _tsmtp
"""


def by_zsh(*words):
    said = subprocess.run(["zsh", "-f", "-c", ZSH, ROOT + "/contrib/completion/_tsmtp", *words], capture_output=True, text=True, check=True)
    return {line.split(":")[0] for line in said.stdout.splitlines() if line}


def compare(where, offered, expected):
    if offered == expected:
        return []
    return [f"{where}: lacks {sorted(expected - offered)}, offers {sorted(offered - expected)} more"]


def check(program, shell, complete):
    name = os.path.basename(program)
    top = told(program)
    commands = commands_in(top)
    wrong = compare(f"{shell}: {name} -", complete(program, "-"), options_in(top))
    if commands:
        wrong += compare(f"{shell}: {name}", complete(program, ""), commands)
    for command in commands:
        expected = options_in(top) | options_in(told(program, command))
        wrong += compare(f"{shell}: {name} {command} -", complete(program, command, "-"), expected)
    return wrong


found = []
for program in PROGRAMS:
    found += check(program, "bash", by_bash)
    if shutil.which("zsh"):
        found += check(program, "zsh", by_zsh)
print("\n".join(found))
sys.exit(1 if found else 0)
