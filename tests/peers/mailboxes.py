"""What lies in the mailboxes of tests/peers/lab: mails as delivered, without what differs from try to try, and reports."""

import re

# Trace headers, and those in which an MTA notes to which mailbox it delivered.
TRACE = {b"received", b"delivered-to", b"x-original-to", b"envelope-to", b"delivery-date"}

WAY = re.compile(rb"\b(direct|tunnel|lmtp|unix)\b")


def without_way(value):
    return WAY.sub(b"WAY", value)


class Mailboxes:
    def __init__(self, state):
        self.state = state

    def files(self, host, user):
        box = self.state / "mail" / host / user / "new"
        return sorted(box.iterdir()) if box.is_dir() else []

    def mails(self, host, user):
        return [path.read_bytes() for path in self.files(host, user)]


class Delivered:
    """A mail as it lies in a mailbox; `injected` is its content as it was handed to the near MTA."""

    def __init__(self, raw, injected):
        head, self.body = split(raw)
        had = {name for name, _ in fields(split(injected)[0])}
        everything = fields(head)
        self.received = [received_summary(value) for name, value in everything if name == b"received"]
        self.headers = [
            # A Date or Message-Id that an MTA had to make is a new one each time.
            (name, b" (made by an MTA)\n" if name in (b"date", b"message-id") and name not in had else without_way(value))
            for name, value in everything if name not in TRACE
        ]

    def comparable(self):
        """Lines that must be the same whichever way the mail came."""
        return [name + b":" + value for name, value in self.headers] + [b"\n"] + self.body.splitlines(keepends=True)


def split(raw):
    """Headers and body. A line that cannot be a header's ends the headers too, as it does for MTAs."""
    end = re.search(rb"(?:\A|\n)\r?\n", raw)
    return (raw, b"") if end is None else (raw[:end.start() + 1], raw[end.end():])


def fields(head):
    found = []
    for line in head.splitlines(keepends=True):
        if line[:1] in b" \t" and found:
            found[-1][1] += line
        else:
            name, _, value = line.partition(b":")
            found.append([name.lower(), value])
    return [tuple(field) for field in found]


def received_summary(value):
    """What the client called itself and the protocol, without addresses, identifiers and times."""
    text = " ".join(value.decode(errors="replace").split())
    name = re.search(r"helo=([^ )]+)", text) or re.search(r"from ([^ ]+)", text)
    protocol = re.search(r" with ([^ ;]+)", text)
    # Exim says utf8esmtp of every mail that comes behind one with SMTPUTF8 in the same connection, whatever it is itself.
    return name and name[1], protocol and protocol[1].lower().removeprefix("utf8")


STATUS_PART = re.compile(rb"^Content-Type: message/(?:global-)?delivery-status.*?\n\r?\n(.*?)^--", re.I | re.M | re.S)


def reports(raw):
    """The fields of a delivery status report (RFC 3464) for each recipient: {local part: {field: value}}."""
    found = {}
    part = STATUS_PART.search(raw)
    if part is None:
        return found
    first, *recipients = [dict(fields(block + b"\n")) for block in re.split(rb"\n(?:\r?\n)+", part[1].strip())]
    for block in recipients:
        who = block[b"final-recipient"].decode(errors="replace").partition(";")[2].strip()
        reason = field(block, b"diagnostic-code")
        status = field(block, b"status")
        found[who.partition("@")[0].lower()] = {
            "from": field(first, b"reporting-mta"),
            "envelope id": field(first, b"original-envelope-id"),
            "original recipient": field(block, b"original-recipient"),
            "action": field(block, b"action").split()[0].lower(),
            # Where the far MTA gave no enhanced code, sendmail makes one up from the command that was answered.
            "status": status if re.search(r"\b[245]\.\d+\.\d+\b", reason) else status[:1],
            "reason": reason,
        }
    return found


def field(block, name):
    """A field in one line, without what names the way: it, hosts, and the tail that punycode adds to a local part."""
    value = without_way(b" ".join(block.get(name, b"").split())).decode(errors="replace")
    return re.sub(r"(xn--[^@]*)-\w+@", r"\1@", re.sub(r"\bhost \S+", "host HOST", value))
