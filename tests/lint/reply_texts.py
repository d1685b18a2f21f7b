#!/usr/bin/env python3
"""Checks that every reply of relayd that can keep a mail in a queue says why within the 100 characters that `mailq -v` of sendmail shows.

usage: reply_texts.py ROOT        prints each violation as file:line: what, and exits with 1 if there is one

A reply is put together from literals and from names, numbers and causes: LONGEST says what the latter look like where they are long. What a reply
says behind its first semicolon, or a cause in parentheses, is advice and circumstance, which may be cut.
"""
import pathlib
import re
import sys

SHOWN = 100
NAME = "birlinghoven-ii"  # of a hub or a site: 15 characters
ADDRESS = "192.0.2.113:25"
LINK_DOWN = "link down since 12:03:04 (peer refused our key"
LEDGER = f"hub {NAME}: its ledger: no space left on device"
MTA_LOST = "Connection reset by peer"

# Expressions in a reply, as they look in the source, and what they come to. Each of a text's causes begins with what happened; tests of
# causes (tests/integration/causes_test.cc, dial_test.cc) have their words.
LONGEST = {
    "settings_.hub": NAME,
    "settings_.site": NAME,
    "settings_.name": NAME,
    "context_.site": NAME,
    "site_.name": NAME,
    'outcome.reason.empty() ? "an earlier try of this mail is still being delivered" : base::escaped(outcome.reason)':
        "an earlier try of this mail is still being delivered",
    "why_not(refusals)": "mail1: " + LINK_DOWN,
    "options_.name": NAME + ".tsmtp",
    "std::string(site)": NAME,
    "std::to_string(*uid)": "4294967294",
    "std::string(of)": "message",
    '(rate == 1 ? "" : "s")': "s",
    "names": "smmta",
    "pending_text(record)": f"hub {NAME} took it at 12:03:04",
    "pending_text(outcome)": f"hub {NAME} took it at 12:03:04",
    "means_.hub": NAME,
    "manner": "silent",
    "to": "the end of content",
    "uid.error().message": "no such process",
    "reply.summary()": "250 2.0.0",
    "refusal->summary()": "555 5.5.4",
    "link_.down_text()": LINK_DOWN,
    "stream.error().message": LINK_DOWN,
    "*cause": LINK_DOWN,
    "behind": ") since 12:03:04",
    "time_text(revoked->when)": "2026-03-01 12:03:04",
    "far_mta_text(far->cause)": "its MTA cannot be reached (Connection refused) since 12:03:04",
    "before": f"{NAME}: its MTA: ",
    "shown": f"Connection refused, {ADDRESS}",
    "result.error().message": "zstd: cannot allocate memory",
    "what": "the near side sent a record that only the far side sends",
}
# The same word in files whose causes are others.
LONGEST_IN = {
    ("cause", "relayd/mail/delivery_mta.cc"): MTA_LOST,
    ("cause", "relayd/mail/outgoing_doubts.cc"): LEDGER,
    ("cause", "relayd/mail/storage_reply.h"): LEDGER,
    ("cause", "relayd/mail/intake.cc"): "nothing heard from the client for 300 s, closing",
    ("cause", "relayd/mail/outgoing.cc"): LINK_DOWN,
}
# Where text is only handed through: what is put in is looked at where that is called.
HANDED_THROUGH = {"text", "std::string(text)"}

CALL = re.compile(r"(?:=|return|\(|\?|:|,|\{|<<|\s)\s*(?:smtp::)?\b(make_reply|own_reply|site_reply|reply_421)\(")


def arguments(text, at):
    """The arguments of the call whose opening parenthesis is at `at`."""
    found, depth, begin, i = [], 0, at + 1, at
    while True:
        if text[i] == '"':
            i += 1
            while text[i] != '"':
                i += 2 if text[i] == "\\" else 1
        elif text[i] == "'":
            i += 3 if text[i + 1] == "\\" else 2
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return [each.strip() for each in found + [text[begin:i]]]
        elif text[i] == "," and depth == 1:
            found.append(text[begin:i])
            begin = i + 1
        i += 1


def parts(expression):
    """What stands between the pluses, outside of parentheses and literals."""
    return [each.strip() for each in re.findall(r'(?:"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'|\([^()]*(?:\([^()]*\)[^()]*)*\)|[^+])+', expression)]


def longest(part, path):
    """The text that a part of a reply may come to; None: it is only handed through."""
    part = " ".join(part.split())
    literals = re.findall(r'"((?:\\.|[^"\\])*)"', part)
    if literals and part == " ".join(f'"{each}"' for each in literals):
        return "".join(literals)
    if re.fullmatch(r"'.'", part):
        return part[1]
    if re.fullmatch(r"std::to_string\(.*\)", part) and part not in LONGEST:
        return "1000000"
    if part in HANDED_THROUGH:
        return None
    return LONGEST_IN.get((part, path), LONGEST.get(part, KeyError(part)))


def reply(function, given, path):
    """The reply as `mailq -v` gets it; None if it does not keep a mail in a queue, or is put together elsewhere."""
    if function == "reply_421":
        given = ["421"] + given
    if len(given) != 3 or not re.fullmatch(r"4\d\d", given[0]):
        return None
    text = "" if function == "make_reply" else f"{NAME}: "
    for part in parts(given[2]):
        more = longest(part, path)
        if isinstance(more, KeyError):
            raise more
        if more is None:
            return None
        text += more
    return f"Deferred: {given[0]} {given[1].strip(chr(34))} {text}"


def check_text(path, text):
    """Yields (line, complaint)."""
    for call in CALL.finditer(text):
        line = text.count("\n", 0, call.end()) + 1
        given = arguments(text, call.end() - 1)
        if any(re.match(r"(const |int |std::string_view )", each) for each in given):
            continue  # a declaration
        try:
            shown = reply(call[1], given, path)
        except KeyError as unknown:
            yield line, f"how long is {unknown}? Say so in LONGEST of reply_texts.py"
            continue
        if shown and len(re.split("[;)]", shown)[0]) > SHOWN:
            yield line, f"mailq -v shows only: {shown[:SHOWN]} (of {len(shown)})"


def main():
    root = pathlib.Path(sys.argv[1])
    bad, seen = 0, 0
    for file in sorted([*root.glob("relayd/**/*.cc"), *root.glob("relayd/**/*.h")]):
        path, text = str(file.relative_to(root)), file.read_text()
        seen += len(CALL.findall(text))
        for line, complaint in check_text(path, text):
            print(f"{path}:{line}: {complaint}")
            bad += 1
    if seen < 50:
        print(f"only {seen} replies were found: is this script blind?")
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
