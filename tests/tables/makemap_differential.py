#!/usr/bin/env python3
"""Runs the real makemap and ours on the same generated inputs and options, and compares what can be seen of them: exit status,
messages, what -v prints, the database byte for byte as db5.3_dump shows it, its mode and owner, and what -u makes of it.

usage: makemap_differential.py REAL_MAKEMAP OUR_MAILERTABLE DB_DUMP [ROUNDS [SEED]]
"""
import os
import pathlib
import random
import subprocess
import sys
import tempfile

CF = """# some sendmail.cf
O TrustedUser=%s
Kmailertable hash -o /etc/mail/mailertable
Kaccess btree -T<TMPF> /etc/mail/access.db
Kodd
Kvirtuser hash /etc/mail/virtuser
"""
WORDS = ["birl.example", ".birl.example", "GMD.Example", "a", "b", "A", "joe@birl.example", ".", "x" * 60, "caf\u00e9.example", '"q"', "#c", ";c"]
VALUES = ["tsmtp:[127.0.5.2]", "error:5.1.2:550 no such  host", "x", "y # z", "%1.example", "tsmtp:[h]  ", "v\r", "", "\t", "z" * 300]
GAPS = ["\t", " ", "  \t ", ":", ",", "\v", "\f", "\r", ""]


def line(rng):
    kind = rng.randrange(20)
    if kind == 0:
        return b""
    if kind == 1:
        return rng.choice([b"# comment", b"  # indented", b" ", b"\t", b"\r", b"; other comment", b"  key value"])
    if kind == 2:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40))).replace(b"\n", b"")
    if kind == 3:
        size = rng.choice([1021, 1022, 1023, 1024, 1025, 2046, 2047, 3000])
        text = b"k%d " % rng.randrange(9)
        return text + b"l" * (size - len(text))
    key = rng.choice(WORDS) if rng.random() < 0.5 else "d%d.example" % rng.randrange(300)
    text = (key + rng.choice(GAPS[:3] if rng.random() < 0.7 else GAPS) + rng.choice(VALUES)).encode()
    if rng.random() < 0.03:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + b"\0" + text[at:]
    return text


def text(rng):
    if rng.random() < 0.02:
        return b"".join(b"host%d.example\ttsmtp:[127.0.%d.%d]\n" % (i * 7919 % 100003, i % 250, i % 199) for i in range(4000))
    made = b"".join(line(rng) + b"\n" for _ in range(rng.randrange(30)))
    return made[:-1] if rng.random() < 0.3 else made


def options(rng, root):
    chosen = []
    for flag, chance in [("-N", 0.3), ("-d", 0.2), ("-e", 0.2), ("-f", 0.2), ("-r", 0.2), ("-v", 0.3), ("-o", 0.3), ("-s", 0.3)]:
        if rng.random() < chance:
            chosen.append(flag)
    if rng.random() < 0.2:
        chosen += ["-t", rng.choice([":", ",", " ", "\t", "", "x"])]
    if rng.random() < 0.15:
        chosen += ["-D", rng.choice([";", "#", "a", ""])]
    if rng.random() < 0.1:
        chosen += ["-c", rng.choice(["0", "1000000", "20000000", "x"])]
    if rng.random() < 0.1:
        chosen += ["-i", rng.choice(["hash", "btree", ""])]
    if rng.random() < 0.03:
        chosen.append(rng.choice(["-l", "-x", "-L", "-q", "-D"]))
    cf = rng.choice(["cf", "cf", "cf", "other.cf", "none.cf"]) if rng.random() < 0.3 else "cf"
    return chosen + ["-C", str(root / cf)]


def kind(rng):
    if rng.random() < 0.85:
        return rng.choice(["hash", "btree"])
    return rng.choice(["implicit", "dbm", "cdb", "foo", "", "cf", "CF", "Cf", "HASH"])


def prepare(rng, root, trusting, reading):
    """What may be there before: the same for both programs."""
    case = rng.randrange(14)
    target = root / "map.db"
    if case == 0:
        target.write_bytes(rng.choice([b"", b"no database at all\n", rng.randbytes(5000)] if reading else [b""]))
    elif case == 1:
        target.mkdir()
    elif case == 2:
        (root / "real.db").write_bytes(b"")
        target.symlink_to("real.db")
    elif case == 3 and not trusting:  # with -s makemap writes into both names; a rename cannot
        (root / "real.db").write_bytes(b"")
        os.link(root / "real.db", target)
    elif case == 4:
        target.write_bytes(b"")
        target.chmod(rng.choice([0o755, 0o600, 0o444, 0o200, 0o666]))
    elif case == 5:
        root.chmod(rng.choice([0o755, 0o777, 0o770, 0o700]))
    elif case == 6 and os.geteuid() == 0:
        os.chown(root, 1, rng.choice([0, 1]))
        root.chmod(rng.choice([0o755, 0o700, 0o775, 0o750]))
    elif case == 7 and os.geteuid() == 0:
        target.write_bytes(b"")
        os.chown(target, 1, 1)
        target.chmod(rng.choice([0o600, 0o644, 0o666]))


def run(program, arguments, data, cwd):
    done = subprocess.run(["makemap", *arguments], executable=program, input=data, capture_output=True, cwd=cwd, timeout=240, check=False)
    return done.returncode, done.stdout, done.stderr


def seen(root, dump):
    """The table, and everything else in the directory."""
    shown = {}
    for path in sorted(root.iterdir()):
        status = path.lstat()
        dumped = None
        if path.name.endswith(".db") and path.is_file():
            done = subprocess.run([dump, str(path)], capture_output=True, check=False)
            readable = os.access(path, os.R_OK)
            dumped = done.stdout if done.returncode == 0 else path.read_bytes() if readable else b"unreadable"
        shown[path.name] = (oct(status.st_mode), status.st_uid, status.st_gid, dumped)
    return shown


class Pair:
    def __init__(self, base, real, ours, dump, seed, trusting, reading):
        self.programs = {"real": real, "ours": ours}
        self.dump = dump
        self.roots = {}
        for side in self.programs:
            # Both see the same path, so that messages agree.
            root = base / side / "d"
            root.parent.mkdir(parents=True, exist_ok=True)
            root.mkdir()
            rng = random.Random(f"{seed}/files")
            (root / "cf").write_text(CF % rng.choice(["root", "daemon", "2", "nobody-here"]))
            (root / "other.cf").write_text("Kmap btree map\nKmap hash map.db\n" if rng.random() < 0.5 else "# empty\n")
            prepare(rng, root, trusting, reading)
            self.roots[side] = root

    def both(self, arguments, data):
        results = {}
        for side, program in self.programs.items():
            there = str(self.roots[side])
            status, out, err = run(program, [a.replace("@", there) for a in arguments], data, there)
            results[side] = (status, out, err.replace(there.encode(), b"@").replace(os.fsencode(self.roots[side].parent), b"@@"))
        return results

    def compare(self, what, arguments, data):
        results = self.both(arguments, data)
        if results["real"] != results["ours"]:
            return f"{what}: {arguments}\n  real {str(results['real'])[:400]}\n  ours {str(results['ours'])[:400]}"
        tables = {side: seen(root, self.dump) for side, root in self.roots.items()}
        if tables["real"] != tables["ours"]:
            names = [name for name in tables["real"].keys() | tables["ours"].keys() if tables["real"].get(name) != tables["ours"].get(name)]
            shown = {side: {name: table.get(name) for name in names} for side, table in tables.items()}
            return f"{what}: {arguments}\n  real {str(shown['real'])[:600]}\n  ours {str(shown['ours'])[:600]}"
        return None


def main():
    real, ours, dump = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    seed = sys.argv[5] if len(sys.argv) > 5 else str(random.randrange(1 << 30))
    failures = 0
    with tempfile.TemporaryDirectory(prefix="makemap.") as scratch:
        # Ours is told by its name what it is to do.
        link = pathlib.Path(scratch) / "makemap"
        link.symlink_to(os.path.abspath(ours))
        for number in range(rounds):
            rng = random.Random(f"{seed}/{number}")
            name = rng.choice(["map", "map", "map.db", "@/map", "./map"])
            steps = []
            # Over an old file that is no database makemap fails when it closes the new one; we replace it.
            reading = rng.random() < 0.1
            for _ in range(0 if reading else rng.choice([1, 1, 2])):
                steps.append(("make", [*options(rng, pathlib.Path("@")), kind(rng), name], text(rng)))
            steps.append(("unmake", [*options(rng, pathlib.Path("@")), "-u", kind(rng), name], b""))
            trusting = any("-s" in arguments for _, arguments, _ in steps)
            pair = Pair(pathlib.Path(scratch) / str(number), real, str(link), dump, f"{seed}/{number}", trusting, reading)
            for what, arguments, data in steps:
                wrong = pair.compare(what, arguments, data)
                if wrong:
                    failures += 1
                    print(f"round {number}: {wrong}\n  input {data[:300]!r}")
                    break
    print(f"{rounds} rounds with seed {seed}, {failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
