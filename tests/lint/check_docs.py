#!/usr/bin/env python3
"""Checks that what the documents name is there: tests, which they give as proofs, files of the source, and pages that they link to.

usage: check_docs.py ROOT        prints each name of nothing as file:line: what, and exits with 1 if there is one
"""
import fnmatch
import pathlib
import re
import sys

# A test as documents write it: `layer.Suite.Name`, `Suite.Name` or `Suite.*`.
TEST = re.compile(r"`(?:[a-z_0-9]+\.)?([A-Z]\w*)\.([A-Z*][\w*]*)`")
DEFINED = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
# A source file, by its path from relayd/ or from the root, with or without what its name ends with.
FILE = re.compile(r"`((?:relayd/)?(base|wire|smtp|mux|policy|ledger|compress|mail|config|net|control|daemon|cli|mailertable|sendmail|contrib|m4|tests)"
                  r"/[a-z0-9_/.-]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
HERE = re.compile(r"\]\(#([^)]*)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# A page that is read in a hurry.
SHORT_CELLS = {"operations.md"}
LONGEST_CELL = 200
PAST = {"CHANGELOG.md"}  # which speaks of what was


def tests_of(root):
    names = set()
    for path in (root / "tests").rglob("*_test.cc"):
        names |= set(DEFINED.findall(path.read_text(encoding="utf-8")))
    return names


def is_test(suite, name, tests):
    return any(suite == known and fnmatch.fnmatchcase(case, name) for known, case in tests)


def is_file(root, name):
    for start in (root, root / "relayd"):
        path = start / name
        if path.exists() or any(path.parent.glob(path.name + ".*")) or any(path.parent.glob(path.name + "_*")):
            return True
    return False


def anchors_of(text):
    """What a link to a heading says, as GitHub makes it of the heading."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def long_cells(text):
    """Yields (line, complaint) for cells of tables that nobody reads in a hurry."""
    for number, line in enumerate(text.splitlines(), 1):
        for cell in line.strip("| ").split(" | ") if line.startswith("|") else []:
            if len(cell) > LONGEST_CELL:
                yield number, f"a cell of {len(cell)} characters, {LONGEST_CELL} at most: {cell[:40]}…"


def check_text(text, folder, root, tests):
    """Yields (line, complaint) for a document that stands in `folder`."""
    anchors = anchors_of(text)
    for number, line in enumerate(text.splitlines(), 1):
        for suite, name in TEST.findall(line):
            if not is_test(suite, name, tests):
                yield number, f"there is no test {suite}.{name}"
        for name, _ in FILE.findall(line):
            if not is_file(root, name):
                yield number, f"there is no file {name}"
        for anchor in HERE.findall(line):
            if anchor not in anchors:
                yield number, f"there is no heading {anchor} on this page"
        for target in LINK.findall(line):
            if not (folder / target).exists():
                yield number, f"there is no page {target}"


def documents(root):
    yield root / "README.md"
    yield from sorted(path for path in (root / "docs").rglob("*.md") if path.name not in PAST)


def main():
    root = pathlib.Path(sys.argv[1])
    tests = tests_of(root)
    complaints = [f"{path.relative_to(root)}:{line}: {complaint}" for path in documents(root)
                  for line, complaint in check_text(path.read_text(encoding="utf-8"), path.parent, root, tests)]
    complaints += [f"{path.relative_to(root)}:{line}: {complaint}" for path in documents(root) if path.name in SHORT_CELLS
                   for line, complaint in long_cells(path.read_text(encoding="utf-8"))]
    print("\n".join(complaints) if complaints else "every test and file that the documents name is there")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
