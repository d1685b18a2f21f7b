"""What lies in the mailboxes of tests/peers/lab: mails as delivered, without what differs from try to try, and reports."""

import email
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
    return name and name[1], protocol and protocol[1]


def reports(raw):
    """The fields of a delivery status report (RFC 3464) for each recipient: {local part: {field: value}}."""
    found = {}
    message = email.message_from_bytes(raw)
    parts = list(message.walk())
    for part in parts:
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        first, *recipients = status_blocks(part)
        for block in recipients:
            who = block.get("Final-Recipient", "").partition(";")[2].strip()
            found[who.partition("@")[0].lower()] = {
                "from": first.get("Reporting-MTA"),
                "envelope id": first.get("Original-Envelope-Id"),
                "original recipient": block.get("Original-Recipient"),
                "action": block.get("Action", "").split()[0].lower(),
                "status": block.get("Status"),
                "reason": without_way(" ".join(block.get("Diagnostic-Code", "").split()).encode()).decode(),
                "content type": parts[-1].get_content_type(),
            }
    return found


def status_blocks(part):
    payload = part.get_payload()
    if isinstance(payload, list) and len(payload) > 1:
        return payload
    if isinstance(payload, list):
        payload = payload[0].as_string()
    text = part.get_payload(decode=True)
    text = payload if text is None else text.decode()
    return [email.message_from_string(block) for block in re.split(r"\n\r?\n", text.strip())]
