#!/usr/bin/env python3
"""A question has no effect: a member function whose name asks (is_, has_, may_ ...) and that says yes or no is
const. A command that also says how it went has the name of a command. docs/decisions/one-idiom.md."""

import pathlib
import re
import sys

QUESTION = re.compile(
    r"^[ ]{2,}(?:\[\[nodiscard\]\] )?(?:virtual )?bool ((?:is|has|may|must|wants|can|owes|awaits|needs)_\w*)"
    r"\(([^;{]*?)\)\s*([^;{]*)[;{]",
    re.MULTILINE,
)


def findings(text):
    """The questions in a header that may have an effect: their names and lines."""
    for match in QUESTION.finditer(text):
        if not re.match(r"(?:const\b|&&)", match[3]):
            yield match[1], text.count("\n", 0, match.start()) + 1


def main(root):
    bad = 0
    for folder in ("relayd", "mailertable", "sendmail"):
        for path in sorted((root / folder).rglob("*.h")):
            for name, line in findings(path.read_text()):
                print(f"{path.relative_to(root)}:{line}: {name}() asks, and is not const")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
