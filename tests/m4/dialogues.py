"""What sendmail asks its rule sets in a dialogue: checks.txt for MAIL and RCPT as a server, connections.txt as a client."""

import re

from jobs import CONFIGS, HERE, answers, lines_of, write_job

COLUMN = {"inbound": "p", "inboundaccess": "a", "inbounddelay": "d", "inboundoptions": "o", "stock": "d"}


CONNECTIONS = ("plain", "map", "stock", "words")


def connections():
    return [line.split("\t") for line in lines_of(HERE / "connections.txt")]


def rows(letter):
    for line in lines_of(HERE / "checks.txt"):
        letters, *rest = line.split("\t")
        if letter in letters:
            yield rest


def write(work):
    for config, letter in COLUMN.items():
        query = []
        for client, sender, recipient, _ in rows(letter):
            client, sender = ("" if word == "-" else word for word in (client, sender))
            query += [f".D{{client_addr}}{client}", f".D{{client_name}}[{client}]", ".D{client_resolve}OK", f".Df{sender}", f".D{{mail_from}}<{sender}>",
                      f"check_mail <{sender}>", f"check_rcpt <{recipient}>"]
        write_job(work, f"checks-{config}", CONFIGS[config], "full", query)
    for config in CONNECTIONS:
        query = []
        for name, address, recipient, _ in connections():
            query += [f".D{{server_name}}{name}", f".D{{server_addr}}{address}", f"tls_rcpt {recipient}"]
        write_job(work, f"connections-{config}", CONFIGS[config], "full", query)


def check(work, *_):
    failures = []
    for config, letter in COLUMN.items():
        replies = answers(work / "jobs" / f"checks-{config}")
        for number, (client, sender, recipient, expected) in enumerate(rows(letter)):
            mail, rcpt = (verdict(reply) for reply in replies[2 * number:2 * number + 2])
            # Where checks are delayed, nothing is said to MAIL.
            said = mail if mail != "ok" and config not in ("inbounddelay", "stock") else rcpt
            if said != expected:
                failures.append(f"checks-{config}: {client} {sender} {recipient} -> {said}, expected {expected}")
    for config in CONNECTIONS:
        replies = answers(work / "jobs" / f"connections-{config}")
        for (name, address, recipient, expected), reply in zip(connections(), replies):
            said = verdict(reply)
            if said != expected:
                failures.append(f"connections-{config}: {name} {address} {recipient} -> {said}, expected {expected}")
    return failures


def verdict(reply):
    """What the rule set that was asked returned at last: `ok`, or the code of an error."""
    returned = re.findall(r"^(?:check_\S+|tls_rcpt) +returns: (.*)$", reply, re.MULTILINE)
    if not returned:
        return "nothing"
    error = re.match(r"\$# error \$@ (.*?) \$:", returned[-1])
    return error.group(1).replace(" ", "") if error else "ok"
