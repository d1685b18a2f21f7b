"""The mails that every pair of MTAs exchanges: what is in them, who gets them, and what must become of them.

Every recipient exists once for each near MTA and each way, so that a mailbox holds one mail at most, and its name says
which. Run as a program, it prints the users that the hosts need: mails.py NEAR_MTA...
"""

import dataclasses
import sys

# OpenSMTPD speaks LMTP too, but not with several recipients: it gives up at the second of the final replies.
WAYS = {
    "sendmail817": ("direct", "tunnel", "lmtp"),
    "sendmail818": ("direct", "tunnel", "lmtp"),
    "postfix": ("direct", "tunnel", "lmtp", "unix"),
    "exim": ("direct", "tunnel", "lmtp", "unix"),
    "opensmtpd": ("direct", "tunnel"),
}

LARGE_BYTES = 30 * 1000 * 1000


@dataclasses.dataclass(frozen=True)
class Recipient:
    name: str
    exists: bool = True
    notify: str = ""  # of DSN (RFC 3461); and then ORCPT is given too

    def local_part(self, near, way):
        return f"{self.name}.{near}.{way}"

    def address(self, near, way, far):
        return f"{self.local_part(near, way)}@{way}.{far}.far.example"

    def parameters(self):
        return [f"NOTIFY={self.notify}", f"ORCPT=rfc822;{self.name}+2Bhere@first.example"] if self.notify else []


@dataclasses.dataclass(frozen=True)
class Mail:
    kind: str
    content: bytes
    recipients: tuple
    parameters: tuple = ()  # of MAIL

    def ways(self, near):
        """Exim's driver for LMTP over unix sockets knows no extensions (its smtp driver, which speaks LMTP too, does)."""
        plain = not self.parameters and not any(recipient.notify for recipient in self.recipients)
        return [way for way in WAYS[near] if plain or (near, way) != ("exim", "unix")]

    def sender(self, far):
        return f"from.{self.kind}.{far}"


def headers(kind, *more):
    lines = [
        f"From: Rosa <rosa@near.example>",
        "To: everybody: ;",
        f"Subject: {kind}",
        "Date: Sat, 28 Feb 2026 12:00:00 +0000",
        f"Message-ID: <{kind}@near.example>",
        *more,
    ]
    return "".join(line + "\r\n" for line in lines).encode()


TEXT_8BIT = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")


def text(*lines):
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines)


def ordinary_lines(count):
    return [f"line {i} of an ordinary text, {'as long as lines of mail are, ' * (i % 3)}marmalade" for i in range(count)]


def one(kind, content, *parameters):
    return Mail(kind, content, (Recipient(kind),), parameters)


def fifty():
    refused = (1, 2, 17, 50)
    return tuple(Recipient(f"{'nobody' if i in refused else 'fifty'}-{i:02}", i not in refused) for i in range(1, 51))


def all_mails(large=True):
    mails = [
        one("seven-bit", headers("seven-bit") + b"\r\n" + text(*ordinary_lines(60))),
        one("eight-bit", headers("eight-bit", *TEXT_8BIT) + b"\r\n" + text("Grüße aus Birlinghoven, 東京", *ordinary_lines(5)),
            "BODY=8BITMIME"),
        # What many programs still send: Latin-1 without a word about it, neither in the envelope nor in the headers.
        one("undeclared", headers("undeclared") + b"\r\n" + text(b"Gr\xfc\xdfe aus Birlinghoven", b"\x80\xff")),
        # The name is part of the addresses: letters that case folding keeps, for Postfix looks grüße up as grüsse.
        one("übung", headers("übung", *TEXT_8BIT) + b"\r\n" + text("Grüße an alle"), "SMTPUTF8", "BODY=8BITMIME"),
        one("line-998", headers("line-998") + b"\r\n" + text("first", "x" * 997 + "!", "last")),
        one("line-5000", headers("line-5000") + b"\r\n" + text("first", *("y" * length + "!" for length in (999, 2041, 4999)), "last")),
        one("dots", headers("dots") + b"\r\n" + text(".", "..", "...", ".QUIT", "", ".", "a.", ". ", "." * 998, ".")),
        one("no-body", headers("no-body")),
        one("no-headers", b"\r\n" + text("There is no header above.")),
        one("nothing", b""),
        Mail("nobody", headers("nobody") + b"\r\n" + text("To one who does not exist."), (Recipient("nobody", False),)),
        Mail("fifty", headers("fifty") + b"\r\n" + text("To fifty, of whom four do not exist."), fifty()),
        Mail("dsn", headers("dsn") + b"\r\n" + text("Tell me."),
             (Recipient("dsn", notify="SUCCESS,FAILURE"), Recipient("nobody-dsn", False, "FAILURE,DELAY")),
             ("RET=HDRS", "ENVID=near+2B4711")),
        # Nothing may be heard of these two, though one does not exist.
        Mail("never", headers("never") + b"\r\n" + text("Tell nobody."),
             (Recipient("never", notify="NEVER"), Recipient("nobody-never", False, "NEVER")),
             ("RET=FULL",)),
    ]
    if large:
        line = "".join(chr(33 + i % 94) for i in range(74))
        block = text(*(f"{line[i:]}{line[:i]}" for i in range(74)))
        mails.append(one("large", headers("large") + b"\r\n" + (block * (LARGE_BYTES // len(block) + 1))[:LARGE_BYTES // 76 * 76]))
    return mails


def users(mtas):
    for mail in all_mails(large=False) + [one("large", b"")]:
        for mta in mtas:
            yield mail.sender(mta)
            for way in mail.ways(mta):
                yield from (r.local_part(mta, way) for r in mail.recipients if r.exists)


if __name__ == "__main__":
    print("\n".join(users(sys.argv[1:])))
