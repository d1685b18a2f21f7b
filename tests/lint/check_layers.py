#!/usr/bin/env python3
"""Checks the shape of the source tree: which layer includes which, who may know Asio, OpenSSL, Berkeley DB, zstd, clocks, threads and logs,
and that a file says what it is for. docs/architecture.md explains the rules; this is where they are kept.

usage: check_layers.py ROOT        prints each violation as file:line: what, and exits with 1 if there is one
"""
import pathlib
import re
import sys

# A layer or a room of one, and what stands right below it; what those include is allowed too. A layer that has rooms keeps in its own folder
# only what ties them together.
BELOW = {
    "base": [],
    "settings": ["base"],
    "wire": ["base"],
    "keys": ["base"],
    "smtp": ["settings"],
    "mux": ["wire", "settings"],
    "link": ["mux"],
    "policy": ["smtp"],
    "ledger": ["base"],
    "etcd": ["base"],
    "claims": ["etcd"],
    "compress": ["base"],
    "pairing": ["settings"],
    "proxy": ["settings"],
    "mail": ["smtp", "mux", "policy", "ledger", "compress"],
    "forward": ["mux"],
    "forward/ftp": ["forward"],
    "forward/x11": ["forward"],
    "net/io": ["base"],
    "net/tls": ["net/io", "mux", "keys", "pairing"],
    "net/keys": ["net/io", "keys"],
    "net/link": ["net/tls", "net/keys", "link", "proxy"],
    "net/pairing": ["net/link", "pairing"],
    "net/witness": ["net/io", "mail"],
    "net/succession": ["net/io"],
    "net/etcd": ["net/io", "net/tls", "etcd", "settings"],
    "net/ledger": ["net/io", "net/etcd", "claims", "mail"],
    "net/mta": ["net/witness", "mail"],
    "net/endpoint": ["net/io"],
    "net/control": ["net/endpoint"],
    "net/forward": ["net/link", "net/endpoint", "net/mta", "forward/ftp", "forward/x11"],
    "net": ["net/forward", "net/link", "net/pairing", "net/mta", "net/ledger", "net/endpoint", "net/control", "net/succession"],
    "control": ["claims", "mail", "forward", "forward/ftp"],
    "diagnosis": ["control"],
    "diagnosis/hub": ["diagnosis", "mailertable/checks", "sendmail/plan"],
    "diagnosis/host": ["diagnosis/hub", "net", "mailertable/lookup", "mailertable/programs", "sendmail/host"],
    "daemon": ["settings", "control", "net"],
    "cli": ["daemon", "diagnosis/host"],
    "mailertable/files": ["base"],
    "mailertable/text": ["base"],
    "mailertable/hub": ["mailertable/files", "settings"],
    "mailertable/database": ["mailertable/files", "mailertable/text"],
    "mailertable/checks": ["mailertable/database", "mailertable/hub"],
    "mailertable/lookup": ["mailertable/database", "mailertable/hub"],
    "mailertable/output": ["mailertable/database", "mailertable/hub"],
    "mailertable/makemap": ["base"],
    "mailertable/programs": ["mailertable/files"],
    "mailertable/routes": ["mailertable/checks"],
    "mailertable/directory": ["mailertable/routes"],
    "sendmail/text": ["base"],
    "sendmail/plan": ["sendmail/text", "mailertable/hub", "mailertable/text"],
    "sendmail/host": ["sendmail/plan", "mailertable/database", "mailertable/programs"],
    "sendmail/commands": ["sendmail/host"],
    "mailertable/commands": ["mailertable/checks", "mailertable/lookup", "mailertable/output", "mailertable/makemap"],
    "mailertable/following": ["mailertable/commands", "mailertable/directory", "mailertable/programs"],
}

# What only some layers may include or use: pattern, the layers or rooms that may, and how it is called in a complaint.
RESERVED = [
    (re.compile(r'#include\s*[<"]boost/asio'), {"net"}, "Asio"),
    (re.compile(r'#include\s*[<"]boost/beast'), {"net/etcd"}, "Beast"),
    (re.compile(r'#include\s*[<"]openssl/'), {"net/tls"}, "OpenSSL"),
    (re.compile(r'#include\s*[<"]db\.h'), {"ledger", "mailertable/database"}, "Berkeley DB"),
    (re.compile(r"#include\s*<toml\+\+/"), {"settings"}, "TOML"),
    # Others have the values, whoever wrote them.
    (re.compile(r'#include\s*"relayd/settings/(?!(?:access|forward|hub|ledger|link|proxy|service|site|site_hub)\.h)'), {"settings", "diagnosis/host", "daemon", "cli", "mailertable", "sendmail"}, "what reads relayd.toml"),
    (re.compile(r'#include\s*[<"](?:ldap|lber)\.h'), {"mailertable/directory"}, "LDAP"),
    (re.compile(r'#include\s*[<"]zstd\.h'), {"compress"}, "zstd"),
    (re.compile(r'#include\s*[<"]zlib\.h'), {"compress"}, "zlib"),
    (re.compile(r'#include\s*[<"]spdlog/'), {"daemon"}, "spdlog"),
    (re.compile(r"\b(?:steady|system|high_resolution)_clock::now\("), {"net", "daemon", "cli", "mailertable", "sendmail/host"}, "a clock"),
    (re.compile(r"\bstd::j?thread\b"), {"net/ledger", "daemon"}, "a thread"),
]
VAGUE = re.compile(r"(^|_)(utils?|commons?|helpers?|managers?|misc)(_|$)")
INCLUDE = re.compile(r'#include\s*"((?:relayd|mailertable|sendmail)/([a-z0-9_/]+)\.h)"')


def allowed(layer):
    """The layer itself and everything below it."""
    seen = {layer}
    for below in BELOW[layer]:
        seen |= allowed(below)
    return seen


def layer_of(path):
    """The folder of a file, as BELOW calls it."""
    folders = path.parts[1:-1] if path.parts[0] == "relayd" else path.parts[:-1]
    return "/".join(folders)


def uses(layer, reserved):
    """Whether a layer, or the one whose room it is, is among those."""
    return layer in reserved or layer.split("/")[0] in reserved


def check_file(path, text):
    """Yields (line, complaint) for one source file; `path` is relative to the root."""
    layer = layer_of(path)
    if layer not in BELOW:
        yield 0, f"there is no layer {layer}"
        return
    if VAGUE.search(path.stem):
        yield 0, f"{path.name} names no job"
    if not text.startswith("//") and path.suffix == ".h":
        yield 1, "a header begins with a few lines on what it does"
    own = str(path.with_suffix(".h"))
    first = INCLUDE.search(text)
    if path.suffix == ".cc" and f'#include "{own}"' in text and first.group(1) != own and layer != "cli":
        yield 0, f"its own header, {own}, is not included first"
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            other = layer_of(pathlib.Path(include.group(1)))
            if other not in allowed(layer):
                yield number, f"{layer} may not include {other}"
        for pattern, layers, name in RESERVED:
            if pattern.search(line.split("//")[0]) and not uses(layer, layers):
                yield number, f"{layer} may not use {name}"


def check_tree(root):
    complaints = []
    for top in ("relayd", "mailertable", "sendmail"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            relative = path.relative_to(root)
            for line, complaint in check_file(relative, path.read_text(encoding="utf-8")):
                complaints.append(f"{relative}:{line}: {complaint}")
    return complaints


def main():
    complaints = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(complaints) if complaints else "every include goes downwards")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
