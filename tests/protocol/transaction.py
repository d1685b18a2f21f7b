"""Mails on streams, docs/protocol.md "Transactions": records, the near side and the far side."""
import os
import struct

from frames import Broken

MAIL, RCPT, DATA, CONTENT, COMMIT, ASK, SETTLED = range(1, 8)
TRACE, TRACED = 9, 21
MAIL_VERDICT, RCPT_VERDICT, DATA_VERDICT, FINAL_VERDICT, OUTCOME = range(16, 21)
UNKNOWN, PENDING, KNOWN = range(3)
HEADER = struct.Struct('>BI')


def record(kind, payload=b''):
    return HEADER.pack(kind, len(payload)) + payload


def reply(code, text):
    return struct.pack('>H', code) + text.encode()


def parse_reply(payload):
    code, = struct.unpack_from('>H', payload)
    if not 200 <= code <= 599 or b'\r' in payload[2:] or b'\0' in payload[2:]:
        raise Broken(f'reply {payload}')
    return code, payload[2:].decode()


class Records:
    """Cuts what comes on a stream into records. Content is not gathered: a piece is handed on as soon as it has come."""

    def __init__(self, stream):
        self.stream, self.buffer, self.content_left = stream, bytearray(), 0

    def __iter__(self):
        self.buffer += self.stream.take()
        while self.buffer:
            if self.content_left:
                piece = bytes(self.buffer[:self.content_left])
                del self.buffer[:len(piece)]
                self.content_left -= len(piece)
                yield CONTENT, piece
                continue
            if len(self.buffer) < HEADER.size:
                return
            kind, length = HEADER.unpack_from(self.buffer)
            if kind == CONTENT:
                del self.buffer[:HEADER.size]
                self.content_left = length
                continue
            if length > 262144:
                raise Broken(f'record {kind} of {length} bytes')
            if len(self.buffer) < HEADER.size + length:
                return
            payload = bytes(self.buffer[HEADER.size:HEADER.size + length])
            del self.buffer[:HEADER.size + length]
            yield kind, payload


class NearSide:
    """One mail that we hand over. Sends what it is told to, and gathers what is answered."""

    def __init__(self, link, service=1):
        self.link, self.id = link, os.urandom(16)
        self.stream = link.session.open(service)
        self.records = Records(self.stream)
        self.mail = self.data = self.final = self.outcome = self.traced = None
        self.recipients, self.committed = {}, False
        link.on_turn.append(self.look)

    def send(self, kind, payload=b''):
        self.stream.send(record(kind, payload))

    def envelope(self, sender, *recipients, helo='tokyo.example'):
        """Mail, Rcpts and Data, all without waiting."""
        self.send(MAIL, self.id + struct.pack('>H', len(helo)) + helo.encode() + f'FROM:<{sender}>'.encode())
        for recipient in recipients:
            self.send(RCPT, f'TO:<{recipient}>'.encode())
        self.send(DATA)

    def content(self, content, piece=50000):
        for at in range(0, len(content), piece):
            self.send(CONTENT, content[at:at + piece])

    def commit(self):
        self.send(COMMIT)
        self.committed = True

    def settle(self, *transactions):
        for transaction in transactions or (self.id,):
            self.send(SETTLED, transaction)
        self.stream.finish()

    def verdict(self, name):
        """Waits for one of mail, data, final, outcome."""
        self.link.wait_for(lambda: getattr(self, name) or self.stream.reset_by_peer)
        return getattr(self, name) or self.stream.reset_by_peer

    def look(self):
        for kind, payload in self.records:
            if kind == MAIL_VERDICT and self.mail is None:
                self.mail = parse_reply(payload)
            elif kind == RCPT_VERDICT and payload[:2] not in self.recipients:
                self.recipients[struct.unpack_from('>H', payload)[0]] = parse_reply(payload[2:])
            elif kind == DATA_VERDICT and self.data is None:
                self.data = parse_reply(payload)
            elif kind == FINAL_VERDICT and self.final is None and self.committed:
                self.milliseconds, = struct.unpack_from('>I', payload)
                self.final = parse_reply(payload[4:])
            elif kind == OUTCOME and self.outcome is None:
                self.outcome = self.parse_outcome(payload)
            elif kind == TRACED and self.traced is None:
                self.traced = self.parse_traced(payload)
            else:
                raise Broken(f'record {kind} out of turn')

    @staticmethod
    def parse_traced(payload):
        """State, when it began, milliseconds by stage, and the reply."""
        if payload == b'\0':
            return (0,)
        state, begun, n = struct.unpack_from('>BQB', payload)
        stages = dict(struct.unpack_from('>BI', payload, 10 + 5 * i) for i in range(n))
        return state, begun, stages, payload[10 + 5 * n:].decode()

    @staticmethod
    def parse_outcome(payload):
        if payload[0] != KNOWN:
            return (payload[0],)
        n, = struct.unpack_from('>H', payload, 1)
        return (KNOWN, struct.unpack_from(f'>{n}H', payload, 3), *parse_reply(payload[3 + 2 * n:]))


class FarSide:
    """One mail that is handed to us. Answers what it is told to, and gathers what has come. Verdicts are given as they are due:
    a function of the record's kind and payload to (code, text), or to None to keep them back."""

    def __init__(self, link, stream, verdict):
        self.stream, self.records, self.verdict = stream, Records(stream), verdict
        self.kinds, self.recipients, self.content, self.settled = [], [], bytearray(), []
        self.id = self.helo = self.sender = self.asked = None
        link.on_turn.append(self.look)

    def look(self):
        for kind, payload in self.records:
            if self.kinds[-1:] != [CONTENT] or kind != CONTENT:
                self.kinds.append(kind)
            if kind == MAIL:
                n, = struct.unpack_from('>H', payload, 16)
                self.id, self.helo, self.sender = payload[:16], payload[18:18 + n].decode(), payload[18 + n:].decode()
            elif kind == RCPT:
                self.recipients.append(payload.decode())
            elif kind == CONTENT:
                self.content += payload
            elif kind == ASK:
                self.asked = payload
            elif kind == SETTLED:
                self.settled.append(payload)
            if kind in (MAIL, RCPT, DATA, COMMIT) and (verdict := self.verdict(kind, payload)):
                self.answer(kind, *verdict)

    def answer(self, kind, code, text):
        extra = b''
        if kind == RCPT:
            extra = struct.pack('>H', len(self.recipients) - 1)
        elif kind == COMMIT:
            extra = struct.pack('>I', 7)
        verdict = {MAIL: MAIL_VERDICT, RCPT: RCPT_VERDICT, DATA: DATA_VERDICT, COMMIT: FINAL_VERDICT}[kind]
        self.stream.send(record(verdict, extra + reply(code, text)))

    def tell_outcome(self, how, refused=(), code=250, text=''):
        known = struct.pack(f'>H{len(refused)}H', len(refused), *refused) + reply(code, text) if how == KNOWN else b''
        self.stream.send(record(OUTCOME, bytes([how]) + known))
