#!/usr/bin/env python3
"""The commands of docs/install-by-hand.md, in its order, as one shell script for one hub.

usage: blocks.py DOCUMENT HUB INIT [remove]

HUB and INIT choose between blocks for one hub or one init; with `remove` it is the blocks for taking it all away again,
and no others. Three kinds of block are not commands of the moment and
become calls of shell functions that whoever runs the script defines: `build` (no argument), `pin` (no argument; sets
site_pin), `look` (its commands on standard input), and m4 text to be put into sendmail.mc (`edit WHERE`, on standard
input). Whatever is added to the document without a word here is a plain command and is run.
"""
import re
import sys


def blocks(text):
    for fence, body in re.findall(r"^```(.+?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield fence.split(), body


def main():
    document, hub, init = sys.argv[1:4]
    removes = sys.argv[4:] == ["remove"]
    print("set -e")
    for fence, body in blocks(open(document, encoding="utf-8").read()):
        kind, tag = fence[0], fence[1:]
        if (tag[:1] == ["remove"]) != removes:
            continue
        if removes:
            tag = tag[1:]
        if kind == "m4":
            print(f"edit '{' '.join(tag)}' <<'END_OF_BLOCK'\n{body}END_OF_BLOCK")
        elif kind != "sh":
            sys.exit(f"{document}: a block of {kind}: what is to be done with it?")
        elif not tag:
            print(body, end="")
        elif tag in (["build"], ["pin"]):
            print(tag[0])
        elif tag == ["look"]:
            print(f"look <<'END_OF_BLOCK'\n{body}END_OF_BLOCK")
        elif tag in (["tokyo"], ["birlinghoven"]):
            if tag == [hub]:
                print(body, end="")
        elif tag in (["systemd"], ["sysvinit"], ["openrc"]):
            if tag == [init]:
                print(body, end="")
        else:
            sys.exit(f"{document}: a block for {' '.join(tag)}: who is that?")


main()
