#!/usr/bin/env python3
"""Checks that every line that relayd logs has its row in the table of lines (relayd/daemon/log_lines_of_*.cc), and that every row is of a line.

usage: log_lines.py ROOT          prints each violation as file:line: what, and exits with 1 if there is one

A call that logs is one that names a LogLevel. The first text of its line that is longer than a few characters must stand in a row. Of each row, the
longest text between two gaps must stand in the sources. Lines that are put together elsewhere are looked at when tests run relayd: the Hub of
tests/support knows the table.
"""
import pathlib
import re
import sys

SHORT = 8  # ": " and the like say nothing of the line
TELLING = 20
GAP = re.compile(r"\{[a-z]+\*?\}")
LITERALS = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')
CALL = re.compile(r"\b(?:log|log_provoked|provoked|said_by)\(")
ROW = re.compile(r"\.pattern\s*=\s*(" + LITERALS.pattern + ")")


def text_of(literals):
    joined = "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', literals))
    return joined.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def argument_text(text, at):
    """What stands between the parenthesis at `at` and the one that closes it."""
    depth, i = 0, at
    while i < len(text):
        if text[i] == '"':
            i += 1
            while text[i] != '"':
                i += 2 if text[i] == "\\" else 1
        elif text[i] == "(":
            depth += 1
        elif text[i] == ")":
            depth -= 1
            if depth == 0:
                return text[at + 1:i]
        i += 1
    return text[at + 1:]


def calls(text):
    """Yields (line, first telling text) of each call that logs."""
    for call in CALL.finditer(text):
        inside = argument_text(text, call.end() - 1)
        level = inside.find("LogLevel::k")
        for literals in LITERALS.finditer(inside, level) if level >= 0 else []:
            said = text_of(literals[0])
            if len(said.strip()) >= SHORT:
                yield text.count("\n", 0, call.start()) + 1, said
                break


def is_said(words, everything):
    """Whether a text stands in the sources, in at most three pieces."""
    return any(all(" ".join(piece) in everything for piece in (words[:first], words[first:second], words[second:]))
               for second in range(len(words)) for first in range(second + 1))


def check(rows, sources):
    """rows: {path: text}, sources: {path: text}. Yields (path, line, complaint)."""
    patterns = [(path, text.count("\n", 0, row.start()) + 1, text_of(row[1])) for path, text in rows.items() for row in ROW.finditer(text)]
    pieces = [[piece.strip(" :;,(") for piece in GAP.split(pattern)] for _, _, pattern in patterns]
    whole = ["\0".join(GAP.split(pattern)) for _, _, pattern in patterns]
    said_anywhere = "\n".join(text_of(literals[0]) for text in sources.values() for literals in LITERALS.finditer(text))
    for path, text in sources.items():
        for line, said in calls(text):
            is_known = any(said.strip() in each for each in whole) or any(len(piece) >= TELLING and piece in said for each in pieces for piece in each)
            if not is_known:
                yield path, line, f'no row of log_lines_of_*.cc is of a line with "{said.strip()}"; add one'
    for (path, line, _), each in zip(patterns, pieces):
        longest = max(each, key=len)
        if not is_said(longest.split(" "), said_anywhere):
            yield path, line, f'nothing says "{longest}" any more; mend or remove the row'


def main():
    root = pathlib.Path(sys.argv[1])
    rows, sources = {}, {}
    for file in sorted(root.glob("relayd/**/*.cc")):
        where = rows if file.name.startswith("log_lines_of_") else sources
        where[str(file.relative_to(root))] = file.read_text()
    bad = 0
    for path, line, complaint in check(rows, sources):
        print(f"{path}:{line}: {complaint}")
        bad += 1
    if sum(len(list(calls(text))) for text in sources.values()) < 60:
        print("hardly a call that logs was found: is this script blind?")
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
