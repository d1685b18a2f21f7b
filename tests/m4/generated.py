"""Where thousands of generated addresses go: spellings of a host, times ways to name it, times what stands around both.

What leads to a site must end at the mailer tsmtp, or be held or refused; never at a mailer that speaks to another
host, nor at a local one. What does not must leave as ever: nobody else's mail is held. The same seed makes the same
addresses; `generated.py COUNT SEED` prints them.
"""

import random
import sys

from jobs import CONFIGS, Route, answers, config_named, write_job

# For each configuration the states of the mailertable, and how many addresses; `map' and `plain' judge by different rules.
RUNS = {"plain": ("full", 1500), "map": ("missing", 1500), "ways_out": ("wrong", 800), "stock": ("full", 800), "bsd": ("empty", 300)}

SITE = ("birl.example", "fit.birl.example", "a.b.c.birl.example", "BIRL.Example", "_x.birl.example", "1.birl.example", "xn--x.birl.example")
# Addresses of hub.birl.example, by its name in DNS, and one that the list names.
SITE_LITERALS = ("[192.0.2.20]", "[192.0.2.77]", "[IPv6:2001:db8::20]", "[IPv6:2001:DB8:0:0:0:0:0:20]", "[ipv6:2001:db8:0::20]")
ODD = ("[0xC0000214]", "[3221225492]", "[030000001024]", "[0300.0.2.024]", "[192.0.2.020]", "[192.0.532]", "[192.532]", "[192.0.2.20.]",
       "[0xc0.0.2.0x14]", "[0XC0.0x0.0X2.20]", "[00192.0.2.20]", "[IPv6:::ffff:192.0.2.20]", "[IPv6:::ffff:c000:214]",
       "[IPv6:0:0:0:0:0:ffff:c000:214]", "[IPv6:0:0:0:0:0:FFFF:192.0.2.20]", "[IPv6:::192.0.2.20]", "[IPv6:::c000:214]",
       "[IPv6:64:ff9b::c000:214]", "[IPv6:64:ff9b::192.0.2.20]", "[IPv6:2002:c000:214::1]", "[IPv6:2001:0db8::20]", "[IPv6:2001:db8::0020]",
       "[IPv6:02001:db8::20]", "[2001:db8::20]", "[::ffff:192.0.2.20]", "[IPv6:2001:db8::20%lo]", "[IPv6:2001:db8::0.0.0.32]",
       "192.0.2.20", "0xC0000214", "3221225492", "0300.0.2.024", "192.0.532", "[ 192.0.2.20 ]", "[192.0.2.77.]", "[0xC000024D]")
FOREIGN = ("outside.example", "mx.outside.example", "notbirl.example", "birl.example.com", "birl.other.example", "birl-example.org", "example",
           "xn--birl-example.example", "Outside.EXAMPLE", "outside.example.", "x--y.outside.example", "3com.outside.example", "1.2.outside.example")
FOREIGN_LITERALS = ("[192.0.2.30]", "[IPv6:2001:db8::30]", "[IPv6:2001:db8:0:0:1:2:3:30]", "[outside.example]")
OWN = ("tokyo.example", "hub.tokyo.example", "localhost", "[127.0.0.1]")
USERS = ("anna", "anna.maria", "anna+x", "a_b-c", '"anna"', '"anna maria"', '"anna (x"', '"anna, <x>"', '"a;b"', "anna=x", "=?utf-8?q?x?=", '"x\\"y"')


def respelled(rng, domain):
    """The same domain, or one below it, to somebody who reads it."""
    at = rng.randrange(1, len(domain) - 1)
    label, rest = domain.split(".", 1)
    return rng.choice((
        domain, domain, domain.upper(), domain + ".", domain[:at] + "\\" + domain[at:], f'"{domain}"', f'"{label}".{rest}', f'{label}."{rest}"',
        f"{label}(x).{rest}", f"{label} . {rest}", f" {domain} ", f"x+y.{domain}", f"x/y.{domain}", f"x^y.{domain}", f"x=y.{domain}", f"+.{domain}",
        f"x+y.z/w.{domain}", f"[{domain}]", f"[{domain}.]", f"{domain}.UUCP", f"{domain}.bitnet", f"{domain}.FAX.", f"{domain}.DECNET", f"{domain}.UUCP.UUCP",
        f"b\xe4rl.{domain}", f"{domain}\xad", f"{label}\u3002{rest}", f"{label}\xad.{rest}", f"{domain}..", f"{domain}.(x)"))


def around(rng, host):
    """A way for a host's name to be in an address that another host has got, or this one."""
    user, out, own = rng.choice(USERS if ":" not in host else USERS[:5]), rng.choice(FOREIGN[:2]), rng.choice(OWN)
    bare = user.strip('"').replace("\\", "").replace('"', "").replace("(", "")
    inner = host.replace("\\", "").replace('"', "")
    text = rng.choice((
        f"{user}@{host}", f"{user}@{host}", f"{user}@{host}", f"<{user}@{host}>", f"Anna <{user}@{host}>", f"{user} @ {host}",
        f"{user}%{host}@{out}", f"{user}%{host}@{own}", f"{user}%{host}", f"{user}%{host}%{out}@{own}", f"{user}%{out}%{host}@{out}",
        f"{host}!{user}", f"{host}!{user}@{out}", f"{host}!{user}@{own}", f"{out}!{host}!{user}", f"localhost!{host}!{user}", f"{host}!{user}%{out}",
        f'"{bare}@{inner}"@{out}', f'"{bare}@{inner}"@{own}', f'"{bare}%{inner}"@{out}', f'"{inner}!{bare}"@{out}', f'"@{out}:{bare}@{inner}"@{out}',
        f'"<{bare}@{inner}>"@{out}', f'"Anna <{bare}@{inner}>"@{out}', f'"{bare}@{inner} (x"@{out}', f'"{bare}@{inner} (x)"@{out}',
        f'"\\"x\\" <{bare}@{inner}>"@{out}', f'"\\"{bare}@{inner}\\""@{out}', f'"(x) {bare}@{inner}"@{out}', f'"x; {bare}@{inner};"@{out}',
        f'"x y z {bare}@{inner}"@{out}', f'"{"x " * 25}{bare}@{inner}"@{out}', f'"{bare}@{inner},joe@{out}"@{out}', f'"x\\\\\\"<{bare}@{inner}"@{out}',
        f"<@{out}:{user}@{host}>", f"<@{own}:{user}@{host}>", f"<@{out},@{own}:{user}@{host}>", f"<@{own},@{out}:{user}%{host}@{own}>",
        f"<{user}@[192.0.2.30]:{host}>", f"<{user}@[192.0.2.30]:[192.0.2.31]:{host}>", f"{user}@{host}@{out}", f"{user}@{host} (Anna)", f"{user}@{host};",
        f"x:{user}@{host};", f"<{host}::{user}@{out}>", f"<{user}@{host}:5000>", f"<{user}@[192.0.2.30],{host}>"))
    # Outside of brackets sendmail takes what stands before a colon for the name of a list, and forgets it.
    return f"<{text}>" if ":" in host and not text.startswith("<") and " <" not in text else text


def inside(rng):
    kind = rng.randrange(10)
    if kind < 6:
        return around(rng, respelled(rng, rng.choice(SITE)))
    if kind < 7:
        return around(rng, rng.choice(SITE_LITERALS))
    return around(rng, rng.choice(ODD))


def outside(rng):
    """Plain mail of other people, whatever their names look like."""
    words = ("joe", "birl.example", "fit.birl.example", "anna=birl.example", "list+birl.example", "bounce+anna=birl.example", "joe.birl", "a/b", "a+b+c", "x^y",
             "192.0.2.20", "20250101", "0xC0000214", "=birl", "{joe}", "joe*", "'joe'", "joe~", "j#e", "$x", "owner-birl.example")
    quoted = ("joe smith", "joe (smith)", "joe <smith>", "joe, smith", "joe\\\"s", "joe;", "birl.example", "joe birl.example", "(birl.example)", "x [192.0.2.20]",
              "a b c d e f g h i j k l m n o p q r s t u v w x y z", "joe.", ".joe", "joe\\\\", "joe@", "@")
    user = rng.choice(words) if rng.randrange(3) else f'"{rng.choice(quoted)}"'
    host = rng.choice(FOREIGN) if rng.randrange(6) else rng.choice(FOREIGN_LITERALS)
    return rng.choice((f"{user}@{host}", f"{user}@{host}", f"<{user}@{host}>", f"Joe <{user}@{host}>", f"{user}@{host} (birl.example)",
                       f"joe%other.example@{host}", f"other.example!joe@{host}"))


def addresses(count, seed):
    rng = random.Random(seed)
    return [("out", outside(rng)) if number % 4 == 0 else ("in", inside(rng)) for number in range(count)]


def write(work):
    for name, (state, count) in RUNS.items():
        text = config_named(name)
        write_job(work, f"generated-{name}", text, state, [f"/parse {address}" for _, address in addresses(count, name)])


def check(work, *_):
    failures = []
    for name, (state, count) in RUNS.items():
        job = work / "jobs" / f"generated-{name}"
        replies = answers(job)
        wanted = addresses(count, name)
        if len(replies) < count:
            failures.append(f"{job.name}: only {len(replies)} answers; {(job / 'answer').read_text(errors='replace')[-500:]}")
        for (kind, address), reply in zip(wanted, replies):
            route = Route(reply)
            if not allowed(kind, address, state, route):
                failures.append(f"{job.name}: {kind} {address!r} -> {route}")
    return failures


def allowed(kind, address, state, route):
    if kind == "out":
        return route.mailer in ("smtp", "esmtp", "relay") and (not route.temporary or state in ("missing", "damaged"))
    if route.mailer in ("error", "none"):   # `none': sendmail itself refuses to parse it
        return route.mailer == "none" or route.host.startswith(("4.", "5.0", "5.1.", "5.7.0"))
    # Of a list of hosts, sendmail forgets all but the first where it looks that up.
    if "@[192.0.2.30]" in address and route.mailer == "esmtp":
        return route.user.endswith("@mx.outside.example") and "%" not in route.user and "!" not in route.user
    return route.mailer == "tsmtp" and state == "full"


if __name__ == "__main__":
    for kind, address in addresses(int(sys.argv[1]), sys.argv[2]):
        print(kind, address, sep="\t")
