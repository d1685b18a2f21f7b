#!/usr/bin/env python3
"""A peer whose key is good breaks every rule of docs/protocol.md that it can break from outside. Of each row relayd must say
the same to the peer and to its own log, with the site's name: the cause, in a sentence. Afterwards it carries mail as before.
Usage: hostile_test.py RELAYD [unittest arguments]"""
import os
import re
import select
import socket
import ssl
import sys
import tempfile
import time
import unittest
from itertools import count
from pathlib import Path

from frames import Broken, Frame, Hello, SKIPPABLE, Type, take_frame
from hub import Hub
from identity import Identity
from link import Gone, Link, listen, PATIENCE
from mta import Client, ScriptedMta
from session import CANCELLED, FAILED
from transaction import ASK, COMMIT, CONTENT, DATA, MAIL, MAIL_VERDICT, NearSide, OUTCOME, RCPT, SETTLED, TRACE, record, reply

ANNA, BOB = 'anna@tokyo.example', 'bob@birl.example'
HELLO, PING, PONG, ACK, CREDIT, DRAIN, CLOSE, NOTICE = range(1, 9)
OPEN, DATA_FRAME, FINISH, RESET = range(16, 20)
UNKNOWN_TYPE = 99
links = count()
ROWS_LOGGED = 6


def setUpModule():
    global hub, mta, directory, listener, key, stranger, other, called
    directory = tempfile.TemporaryDirectory()
    key, stranger, other, called = (Identity.make(Path(directory.name) / name) for name in ('key', 'stranger', 'other', 'called'))
    mta, listener = ScriptedMta(), listen()
    hub = Hub(program, mta.address)
    hub.site('hostile', key)
    hub.site('honest', other)
    hub.site('hostile-listener', called, dial=listener.getsockname())
    hub.start()


def tearDownModule():
    log = hub.log()
    assert hub.stop() == 0, log
    directory.cleanup()


def number(value):
    return value.to_bytes(8, 'big')


def sequenced(*frames):
    """Frames given as type, payload and stream, numbered from 1."""
    return [Frame(kind, payload, stream, n) for n, (kind, payload, stream) in enumerate(frames, 1)]


FIRST = (OPEN, b'\1', 1)

# Page's section and rule; what is sent behind the Hellos; what relayd says. Rates: several times what is allowed in the time
# that a busy machine takes to read them.
FRAMES = [
    ('length of the payload', [b'\x3f\xe9'], 'announced a frame with 16361 bytes of payload, at most 16360 are allowed'),
    ('unknown flag', [Frame(PING, flags=2)], 'sent Ping with unknown flags 0x02'),
    ('unknown type', [Frame(UNKNOWN_TYPE)], 'sent a frame of unknown type 99'),
    ('frame of the link on a stream', [Frame(PING, stream=1)], 'sent Ping on stream 1, but it belongs to the link'),
    ('frame of a stream on the link', [Frame(OPEN, b'\1', 0, 1)], 'sent Open without a stream'),
    ('Credit on the link', [Frame(CREDIT, number(1))], 'sent Credit without a stream'),
    ('payload of Ping', [Frame(PING, bytes(65))], 'sent Ping with 65 bytes of payload, 0 to 64 were expected'),
    ('payload of Ack', [Frame(ACK, b'x')], 'sent Ack with 1 bytes of payload, 0 were expected'),
    ('payload of Credit', [*sequenced(FIRST), Frame(CREDIT, bytes(7), 1)], 'sent Credit with 7 bytes of payload, 8 were expected'),
    ('payload of Drain', [Frame(DRAIN, b'x')], 'sent Drain with 1 bytes of payload, 0 were expected'),
    ('payload of Close', [Frame(CLOSE, bytes(256))], 'sent Close with 256 bytes of payload, 0 to 255 were expected'),
    ('payload of Open', sequenced((OPEN, b'', 1)), 'sent Open with 0 bytes of payload, 1 were expected'),
    ('payload of Data', sequenced(FIRST, (DATA_FRAME, b'', 1)), 'sent Data with 0 bytes of payload, 1 to 16360 were expected'),
    ('payload of Finish', sequenced(FIRST, (FINISH, b'x', 1)), 'sent Finish with 1 bytes of payload, 0 were expected'),
    ('payload of Reset', sequenced(FIRST, (RESET, b'', 1)), 'sent Reset with 0 bytes of payload, 1 to 256 were expected'),
    ('a second Hello', [Hello(bytes(16), 7).frame()], 'sent Hello twice'),
    ('Open without sequence', [Frame(OPEN, b'\1', 1)], 'sent Open with sequence 0 where 1 was expected'),
    ('Ping with sequence', [Frame(PING, sequence=1)], 'sent Ping with sequence 1, but frames of that type have none'),
    ('sequence left out', [Frame(OPEN, b'\1', 1, 2)], 'sent Open with sequence 2 where 1 was expected'),
    ('sequence repeated', [Frame(OPEN, b'\1', 1, 1), Frame(OPEN, b'\1', 3, 1)], 'sent Open with sequence 1 where 2 was expected'),
    ('sequence of a skipped frame', [Frame(UNKNOWN_TYPE, b'', 0, 1, flags=SKIPPABLE), Frame(OPEN, b'\1', 1, 1)],
     'sent Open with sequence 1 where 2 was expected'),
    ('acknowledgement of what was not sent', [Frame(ACK, acknowledgement=9)], 'acknowledged frame 9, but only 1 were sent'),
    ('acknowledgement goes back', [Frame(ACK, acknowledgement=1), Frame(ACK)],
     'took back its acknowledgement of frame 1 and acknowledges only 0'),
    ('number of the other parity', sequenced((OPEN, b'\1', 2)), 'opened stream 2, a number that is ours to open'),
    ('number not above the last', sequenced((OPEN, b'\1', 5), (OPEN, b'\1', 3)), 'opened stream 3 after stream 5'),
    ('number used twice', sequenced(FIRST, FIRST), 'opened stream 1 after stream 1'),
    ('Data on a stream never opened', sequenced((DATA_FRAME, b'x', 9)), 'sent Data on stream 9, which is not open'),
    ('Credit on a stream never opened', [Frame(CREDIT, number(1), 8)], 'sent Credit on stream 8, which is not open'),
    ('Data behind Finish', sequenced(FIRST, (FINISH, b'', 1), (DATA_FRAME, b'x', 1)), 'sent Data after Finish of stream 1'),
    ('Finish behind Finish', sequenced(FIRST, (FINISH, b'', 1), (FINISH, b'', 1)), 'sent Finish after Finish of stream 1'),
    ('Data behind Reset', sequenced(FIRST, (RESET, b'\1', 1), (DATA_FRAME, b'x', 1)), 'sent Data on stream 1, which is not open'),
    ('Reset behind Reset', sequenced(FIRST, (RESET, b'\1', 1), (RESET, b'\1', 1)), 'sent Reset on stream 1, which is not open'),
    ('streams that are over and not acknowledged', sequenced(*((OPEN, b'\7', n) for n in range(1, 1201, 2))),
     'opened streams far beyond its limit of 512'),
    ('Data beyond the credit', sequenced(FIRST, *[(DATA_FRAME, b'\1' * 16360, 1)] * 16, (DATA_FRAME, b'\1' * 454, 1)),
     'sent 70 bytes beyond the credit of stream 1'),
    ('Credit too far ahead', [*sequenced(FIRST), Frame(CREDIT, number(2**32 + 1), 1)],
     'gave credit up to byte 4294967297 where 0 have been sent of stream 1'),
    ('Pong to no Ping', [Frame(PONG, b'x')], 'answered a ping that was not sent'),
    ('Pings without reading', [Frame(PING)] * 100, 'sent more than 8 pings without reading the answers'),
    ('Drain twice', [Frame(DRAIN), Frame(DRAIN)], 'sent Drain twice'),
    ('Open behind Drain', [Frame(DRAIN), *sequenced(FIRST)], 'opened stream 1 after it had announced to drain'),
    ('rate of Resets', sequenced(*(f for n in range(1, 12001, 2) for f in ((OPEN, b'\1', n), (RESET, b'\1', n)))),
     'sent more than 200 a second of reset and refused streams'),
    ('rate of Resets of other services', sequenced(*(f for n in range(1, 24001, 2) for f in ((OPEN, b'\7', n), (RESET, b'\1', n)))),
     'sent more than 400 a second of reset and refused streams of other services than the first'),
    ('rate of frames without effect', [Frame(ACK)] * 12000, 'sent more than 200 a second of frames without effect'),
    ('rate of notices', sequenced(*[(NOTICE, b'\1\1', 0)] * 1500), 'sent more than 50 a second of notices'),
    ('rate of skipped frames', [Frame(UNKNOWN_TYPE, flags=SKIPPABLE)] * 12000, 'sent more than 200 a second of frames without effect'),
]

# What is allowed, though it looks odd.
ALLOWED = [
    ('the skippable flag on a known type', [Frame(PING, flags=SKIPPABLE)]),
    ('unknown flags on a skipped frame', [Frame(UNKNOWN_TYPE, flags=SKIPPABLE | 2)]),
    ('Credit just not too far ahead', [*sequenced(FIRST), Frame(CREDIT, number(2**32), 1)]),
    ('Credit that gives nothing', [*sequenced(FIRST), Frame(CREDIT, number(1), 1)]),
    ('numbers left out', sequenced((OPEN, b'\1', 77))),
    ('half a successor', sequenced((NOTICE, b'\5half', 0))), ('the end of no predecessor', sequenced((NOTICE, b'\6', 0))),
    ('a successor that never comes', sequenced((NOTICE, b'\5' + b's' * 16, 0), (NOTICE, b'\5' + b't' * 16, 0))),
    *((f'a version {why}', sequenced((NOTICE, b'\7' + version, 0))) for why, version in (
        ('of nothing', b''), ('without bytes', b'\0'), ('cut short', b'\x050.2.'), ('too long', bytes([65]) + b'1' * 65),
        ('for a terminal', b'\x07\x1b[31m!!'), ('in no ASCII', b'\x02\xc3\xa4'), ('of two lines', b'\x030\n1'))),
    ('a notice that is not understood', sequenced((NOTICE, b'\x63what?', 0))),
    ('an empty notice', sequenced((NOTICE, b'', 0))),
    ('Reset without text, of an unknown code', sequenced(FIRST, (RESET, b'\x63', 1))),
    ('Finish before the end, crossed by Credit', [*sequenced(FIRST, (FINISH, b'', 1)), Frame(CREDIT, number(2**20), 1)]),
]


def edited(edit):
    """A Hello whose bytes are edited."""
    return Frame(HELLO, edit(Hello(bytes(16), 1).encode()))


def hello(number=1, **fields):
    return Hello(os.urandom(16), number, **fields).frame()


# The first frame of a connection; what relayd says instead of its own Hello.
FIRST_FRAMES = [
    ('no Hello', Frame(PING), 'peer sent Ping before Hello'),
    ('no Hello but skippable', Frame(UNKNOWN_TYPE, flags=SKIPPABLE), 'peer sent type 99 before Hello'),
    ('magic', hello(magic=b'esmtp'), 'peer does not speak the tsmtp link protocol'),
    ('too short', Frame(HELLO, bytes(39)), 'peer does not speak the tsmtp link protocol'),
    ('lowest version 0', hello(versions=(0, 1)), "peer's Hello states protocol versions 0 to 1, which is no range"),
    ('lowest above highest', hello(versions=(2, 1)), "peer's Hello states protocol versions 2 to 1, which is no range"),
    ('no common version', hello(versions=(2, 9)), 'no common protocol version: this side speaks 1, the peer 2 to 9'),
    ('window', hello(window=1023), "peer's Hello states a stream window of 1023 bytes, at least 1024 are needed"),
    ('name', edited(lambda b: b[:7] + b'\xff' + b[8:]), "peer's Hello ends before the end of its name"),
    ('capability 0 without its fields', edited(lambda b: b[:-1]),
     "peer's Hello states that sessions can be resumed, and ends before it says which"),
    ('capability 8 without its field', Frame(HELLO, Hello(bytes(15) + b'1', 1, capabilities=257).encode()[:-1]),
     "peer's Hello states that two processes may stand beside each other, and ends before it says which"),
    ('its own predecessor', Frame(HELLO, Hello(b'i' * 16, 1, capabilities=257, predecessor=b'i' * 16).encode()),
     "peer's Hello names its own process as the one before it"),
    ('connections', hello(connections=0), "peer's Hello states no connections, or no number of its session"),
    ('number', hello(number=0), "peer's Hello states no connections, or no number of its session"),
    ('own without peer', hello(own=5), "peer's Hello names half a session to resume"),
    ('peer without own', hello(peer=5), "peer's Hello names half a session to resume"),
    ('connection that is not kept', hello(connection=1, connections=2), 'this side keeps 1 connections of the link'),
    ('acknowledgement', Frame(HELLO, Hello(bytes(16), 1).encode(), acknowledgement=5), 'peer acknowledged frame 5, but only 0 were sent'),
]

GOOD_FIRST_FRAMES = [
    ('versions to come', hello(versions=(1, 9))), ('capabilities to come', hello(capabilities=(1 << 63) | 1)),
    ('further bytes', edited(lambda b: b + b'more')), ('no capability', hello(capabilities=0)), ('no name', hello(name=b'')),
    ('a predecessor that is not known', hello(capabilities=257, predecessor=b'p' * 16)),
    ('a session that is not known', hello(own=5, peer=6, epoch=1)), ('no streams', hello(max_streams=0)),
    ('a name to fool a terminal', hello(name=b'\x1b[31m\n\xff')),
]

# A field of the Hello that resumes a session with epoch 1; what relayd says.
SESSIONS = [
    ('epoch repeated', 'epoch', 1, 'the session cannot go on from there'),
    ('epoch goes back', 'epoch', 0, 'the session cannot go on from there'),
    ('received more than was sent', 'received', 1000, 'the session cannot go on from there'),
    ('received less than was acknowledged', 'received', 0, 'the session cannot go on from there'),
]

# What a listening side adds to its answer to a Hello; what relayd says.
ANSWERS = [
    ('a session that nobody asked for', dict(own=5, peer=1, epoch=1), "peer's Hello resumes a session that it was not asked for"),
    ('half a session', dict(own=5), "peer's Hello names half a session to resume"),
    ('no common version', dict(versions=(2, 3)), 'no common protocol version: this side speaks 1, the peer 2 to 3'),
    ('no window', dict(window=0), "peer's Hello states a stream window of 0 bytes, at least 1024 are needed"),
]

ID = bytes(range(16))
MAIL_RECORD = record(MAIL, ID + b'\0\5tokyo' + f'FROM:<{ANNA}>'.encode())
RCPT_RECORD, DATA_RECORD, COMMIT_RECORD = record(RCPT, f'TO:<{BOB}>'.encode()), record(DATA), record(COMMIT)
TO_CONTENT = MAIL_RECORD + RCPT_RECORD + DATA_RECORD


def mail_with(name=b'tokyo', argument=b'FROM:<>'):
    return record(MAIL, ID + len(name).to_bytes(2, 'big') + name + argument)


# What a near side sends on a stream; the cause of the Reset that answers it.
NEAR_RECORDS = [
    ('unknown kind', record(10), 'sent a record of unknown kind 10'),
    ('kind of the far side', record(MAIL_VERDICT, reply(250, 'ok')), 'sent a record that only the far side sends'),
    ('Mail too short', record(MAIL, bytes(17)), 'sent a malformed Mail record'),
    ('name beyond the record', record(MAIL, ID + b'\0\x50abc'), 'sent a malformed Mail record'),
    ('empty name', mail_with(name=b''), 'sent a malformed Mail record'),
    ('blank in the name', mail_with(name=b'a b'), 'sent a malformed Mail record'),
    ('control character in the name', mail_with(name=b'a\x7f'), 'sent a malformed Mail record'),
    ('line end in an argument', mail_with(argument=b'FROM:<>\r\nRSET'), 'sent a malformed Mail record'),
    ('long argument', MAIL_RECORD + record(RCPT, b'TO:<' + b'b' * 8190), 'sent a malformed Rcpt record'),
    ('Data with payload', MAIL_RECORD + RCPT_RECORD + record(DATA, b'x'), 'sent a malformed Data or Commit record'),
    ('Commit with payload', TO_CONTENT + record(COMMIT, b'x'), 'sent a malformed Data or Commit record'),
    ('Ask too short', TO_CONTENT + record(ASK, bytes(15)), 'sent a malformed Ask record'),
    ('Settled too short', TO_CONTENT + record(SETTLED, bytes(15)), 'sent a malformed Settled record'),
    ('Trace too short', record(TRACE, bytes(15)), 'sent a malformed Trace record'),
    ('Trace behind Mail', MAIL_RECORD + record(TRACE, ID), 'sent a Trace record out of turn'),
    ('large record', MAIL_RECORD + bytes([RCPT]) + (262145).to_bytes(4, 'big'), 'sent a record of 262145 bytes'),
    ('Rcpt before Mail', RCPT_RECORD, 'sent a Rcpt record out of turn'),
    ('Content before Mail', record(CONTENT, b'x'), 'sent content out of turn'),
    ('Commit before Mail', COMMIT_RECORD, 'sent a Commit record out of turn'),
    ('Ask before Mail', record(ASK, ID), 'sent an Ask record out of turn'),
    ('Settled before Mail', record(SETTLED, ID), 'sent a Settled record out of turn'),
    ('second Mail', MAIL_RECORD * 2, 'sent a second Mail record'),
    ('Data without Rcpt', MAIL_RECORD + DATA_RECORD, 'sent a Data record out of turn'),
    ('Rcpt behind Data', TO_CONTENT + RCPT_RECORD, 'sent a Rcpt record out of turn'),
    ('second Data', TO_CONTENT + DATA_RECORD, 'sent a Data record out of turn'),
    ('Content before Data', MAIL_RECORD + RCPT_RECORD + record(CONTENT, b'x'), 'sent content out of turn'),
    ('Commit before Data', MAIL_RECORD + RCPT_RECORD + COMMIT_RECORD, 'sent a Commit record out of turn'),
    ('Content behind Commit', TO_CONTENT + COMMIT_RECORD + record(CONTENT, b'x'), 'sent content out of turn'),
    ('second Commit', TO_CONTENT + COMMIT_RECORD * 2, 'sent a Commit record out of turn'),
    ('Ask behind Commit', TO_CONTENT + COMMIT_RECORD + record(ASK, bytes(16)), 'sent an Ask record out of turn'),
    ('second Ask', TO_CONTENT + record(ASK, bytes(16)) * 2, 'sent an Ask record out of turn'),
    ('Settled before Commit', TO_CONTENT + record(SETTLED, ID), 'sent a Settled record out of turn'),
    ('too many Rcpt', MAIL_RECORD + RCPT_RECORD * 1001, 'sent more than 1,000 recipients'),
    ('Finish before the end', MAIL_RECORD + RCPT_RECORD, 'finished a transaction before its end'),
]

MALFORMED_REPLY = 'peer sent a malformed reply record'

# What a far side answers to Mail; what the log, and relayd's MTA, get for a cause.
FAR_RECORDS = [
    ('unknown kind', record(22), 'peer sent a record of unknown kind 22'),
    ('kind of the near side', record(SETTLED, ID), 'the far side sent a record that only the near side sends'),
    ('code 199', record(MAIL_VERDICT, reply(199, 'x')), MALFORMED_REPLY),
    ('code 600', record(MAIL_VERDICT, reply(600, 'x')), MALFORMED_REPLY),
    ('verdict without code', record(MAIL_VERDICT, b'\1'), MALFORMED_REPLY),
    ('CR in a reply', record(MAIL_VERDICT, reply(550, 'x\r\ny')), MALFORMED_REPLY),
    ('NUL in a reply', record(MAIL_VERDICT, reply(550, 'x\0y')), MALFORMED_REPLY),
    ('129 lines', record(MAIL_VERDICT, reply(550, '\n'.join(['x'] * 129))), MALFORMED_REPLY),
    ('long line', record(MAIL_VERDICT, reply(550, 'x' * 2049)), MALFORMED_REPLY),
    ('large record', bytes([MAIL_VERDICT]) + (262145).to_bytes(4, 'big'), 'peer sent a record of 262145 bytes'),
    ('truncated Outcome', record(OUTCOME, b'\2\0\7'), 'peer sent a malformed Outcome record'),
    ('Outcome of no kind', record(OUTCOME, b'\3'), 'peer sent a malformed Outcome record'),
]


class Peer(unittest.TestCase):
    """One with a key that is good."""

    def setUp(self):
        self.since = len(hub.log())

    def logs(self, text):
        """Waits until the log has the text in a line about the site."""
        hub.wait_for_log(lambda log: any(' hostile' in line and text in line for line in log.split('\n')), self.since)

    def each(self, table, play):
        """relayd begins anew now and then: what a peer can provoke it only counts from some number on."""
        for index, (name, *row) in enumerate(table):
            with self.subTest(name):
                if index % ROWS_LOGGED == 0:
                    hub.restart()
                self.since = len(hub.log())
                play(*row)
                self.link.cut()

    def new_link(self):
        """One that comes from another address than the latest ones: from one, relayd goes through 100 handshakes in 10 s."""
        link = self.link = Link(key, hub.identity)
        link.source = (f'127.0.1.{next(links) // 50 + 1}', 0)
        self.addCleanup(link.cut)
        return link

    def connect(self):
        """A connection on which nothing has been said."""
        self.new_link().connect(hub.address)
        return self.link

    def dial(self):
        """A link that is up."""
        self.new_link().dial(hub.address)
        self.link.wait_for(lambda: self.link.session.notices)
        return self.link

    def answer_call(self):
        """A link that relayd has dialled, and its Hello on it. Calls of a relayd that was killed come to nothing."""
        self.link = Link(called, hub.identity)
        while True:
            try:
                self.link.take(listener)
                return self.link
            except (ssl.SSLError, ConnectionError, Gone):
                pass

    def write_all(self, *frames):
        try:
            self.link.write(b''.join(f if isinstance(f, bytes) else f.encode() for f in frames))
        except OSError:
            pass  # relayd has heard enough
        self.link.socket.setblocking(False)

    def last_word(self):
        """The text of relayd's Close, and None if it sends none."""
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                while (frame := take_frame(self.link.input)) is not None:
                    if frame.type == Type.CLOSE:
                        return frame.payload.decode()
                select.select([self.link.socket], [], [], PATIENCE)
                self.link.input += self.link.read()
            raise TimeoutError('relayd neither closes nor says why it should')
        except Gone:
            return None

    def is_unharmed(self):
        """Whether relayd still answers."""
        self.link.session.ping(b'still there?')
        self.link.wait_for(lambda: not self.link.session.pings)


class Hostile(Peer):
    def test_frames(self):
        def play(frames, sentence):
            self.dial()
            self.write_all(*frames)
            self.assertEqual(self.last_word(), f'peer {sentence}')
            self.logs(f'peer {sentence}')
        self.each(FRAMES, play)

    def test_frames_that_are_allowed(self):
        def play(frames):
            session = self.dial().session
            for frame in frames:  # past our own rules, but not past our count
                session.output += frame.encode()
                session.sequence = max(session.sequence, frame.sequence)
                if frame.type == PING:
                    session.pings.append(frame.payload)
            session.on_reset = session.on_credit = session.on_finish = session.on_data = lambda frame: None
            self.is_unharmed()
        self.each(ALLOWED, play)

    def test_words_of_the_peer_are_escaped(self):
        self.dial()
        self.write_all(Frame(CLOSE, b'bye\n\x1b[31m\xff'), Frame(PING))
        self.assertIsNone(self.last_word())
        self.logs(r'closed by peer: bye\x0a\x1b[31m\xff')

    def test_first_frames(self):
        def play(frame, sentence):
            self.connect()
            self.write_all(frame)
            self.assertEqual(self.last_word(), sentence)
            self.logs(sentence)
        self.each(FIRST_FRAMES, play)

    def test_first_frames_that_are_allowed(self):
        def play(frame):
            self.connect().write(frame.encode())
            self.assertEqual(self.link.read_hello().own, 0)
        self.each(GOOD_FIRST_FRAMES, play)

    def test_answers(self):
        def play(fields, sentence):
            self.answer_call()
            hello = self.link.hello_to_send(resume=False)
            for name, value in fields.items():
                setattr(hello, name, value)
            self.write_all(hello.frame())
            self.assertEqual(self.last_word(), sentence)
            self.logs(sentence)
        self.each(ANSWERS, play)

    def test_sessions(self):
        """Who names one and cannot resume it gets a Close, and the session is unharmed."""
        def play(field, value, sentence):
            link = self.dial()
            mail = NearSide(link)
            mail.envelope(ANNA, BOB)
            mail.verdict('data')
            link.cut()
            self.assertTrue(link.dial(hub.address))  # under epoch 1
            link.cut()
            hello = link.hello_to_send(resume=True)
            setattr(hello, field, value)
            self.connect()
            self.write_all(hello.frame())
            self.assertEqual(self.last_word(), sentence)
            self.logs(sentence)
            self.assertTrue(link.dial(hub.address))
            mail.commit()
            self.assertEqual(mail.verdict('final')[0], 250)
            link.cut()
        self.each(SESSIONS, play)

    def test_a_session_belongs_to_a_key(self):
        link = self.dial()
        link.cut()
        thief = Link(other, hub.identity)
        thief.session, thief.instance = link.session, link.instance
        self.assertFalse(thief.dial(hub.address))
        thief.cut()
        self.assertTrue(link.dial(hub.address))
        link.cut()

    def test_near_records(self):
        def play(data, cause):
            stream = self.dial().session.open()
            stream.send(data)
            if cause.startswith('finished'):
                stream.finish()
            self.assertEqual(self.link.wait_for(lambda: stream.reset_by_peer), (FAILED, f'peer {cause}'))
            self.logs(f'peer {cause}')
            self.is_unharmed()
        self.each(NEAR_RECORDS, play)

    def test_far_records(self):
        self.each(FAR_RECORDS, self.answer_mail_wrongly)

    def answer_mail_wrongly(self, data, cause):
        link = self.dial()
        link.session.send(NOTICE, b'\1\1PIPELINING\n')
        self.is_unharmed()
        client = Client(link.wait_for, hub.endpoint('hostile'))
        self.addCleanup(client.close)
        client.send(f'MAIL FROM:<{BOB}>\r\nRCPT TO:<{ANNA}>\r\nRCPT TO:<ann@tokyo.example>\r\n'.encode())
        stream = link.wait_for(lambda: link.session.accepted and link.session.accepted.popleft())
        stream.send(data)
        self.assertEqual(link.wait_for(lambda: stream.reset_by_peer)[0], CANCELLED)
        self.logs(cause)
        self.is_unharmed()


class UnauthenticatedConnections(unittest.TestCase):
    """Whoever does not get as far as a Hello."""

    def refused(self, context, cause, first=b''):
        since = len(hub.log())
        with socket.create_connection(hub.address, 10) as raw:
            try:
                with context.wrap_socket(raw) as tls:
                    tls.sendall(hello().encode())
                    self.assertEqual(tls.recv(1), b'')
            except (OSError, ssl.SSLError):
                pass
            hub.wait_for_log(lambda log: re.search(f'refused a connection from .*: {cause}', log), since)

    def context(self, identity=None, alpn='tsmtp/1'):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if identity:
            context.load_cert_chain(identity.file)
        if alpn:
            context.set_alpn_protocols([alpn])
        return context

    def test_strangers(self):
        old = self.context(key)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
        for context, cause in [
                (self.context(key, alpn=None), r"peer does not speak the link protocol \(no ALPN tsmtp/1\)"),
                (self.context(key, alpn='h2'), r"peer does not speak the link protocol \(no ALPN tsmtp/1\)"),
                (self.context(), 'peer showed no certificate, so it cannot be known'),
                (self.context(stranger), f"peer's key is {re.escape(stranger.pin_text)}, which no site has pinned"),
                (old, 'peer does not speak TLS 1.3')]:
            with self.subTest(cause):
                self.refused(context, cause)

    def test_more_than_it_may_send_before_its_key_is_known(self):
        since = len(hub.log())
        with socket.create_connection(hub.address, 10) as raw:
            raw.sendall(b'\x16\x03\x01\x3f\xff' + bytes(4092))
            hub.wait_for_log(lambda log: 'more than the 4096 it may send before it shows a key' in log, since)


NOBODY = 'sha256:' + 'A' * 43 + '='
UNPINNED = 'your key is no longer pinned here'


class Revocation(Peer):
    """P7: a key that is taken out is dead within a second, whatever its connection had come to."""

    def setUp(self):
        super().setUp()
        self.addCleanup(hub.restore)

    def is_candidate(self):
        """relayd has done its side of the handshake with all that have connected: it serves in turn."""
        hub.status()
        time.sleep(0.1)

    def take_key_out(self, how):
        site = next(s for s in hub.sites if f'"{key.pin_text}"' in s)
        if how == 'pin out':
            hub.change({key.pin_text: NOBODY})
        elif how == 'site out':
            hub.change({site: ''})
        else:
            hub.change({key.pin_text: other.pin_text, other.pin_text: key.pin_text})

    def dies(self, connection, word=UNPINNED):
        """Within a second, and says why."""
        begun = time.monotonic()
        self.link = connection
        connection.socket.setblocking(False)
        self.assertIn(self.last_word(), [word, None] if word is None else [word])
        self.assertLess(time.monotonic() - begun, 1)

    def test_before_its_hello(self):
        for how in ('pin out', 'site out', 'pin moved'):
            with self.subTest(how):
                link = self.connect()
                self.is_candidate()
                self.take_key_out(how)
                self.write_all(hello())
                self.dies(link)
                hub.restore()

    def test_hello_half_sent(self):
        link = self.connect()
        first = hello().encode()
        self.write_all(first[:30])
        self.take_key_out('pin out')
        self.write_all(first[30:])
        self.dies(link)

    def test_in_the_handshake(self):
        """The key has been shown and accepted when the last flight is held back, as far as TLS lets us: all but its last byte."""
        link = self.new_link()
        ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = key.context(hub.identity, True).wrap_bio(theirs, ours)
        with socket.create_connection(hub.address, PATIENCE, link.source) as raw:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    raw.sendall(ours.read())
                    theirs.write(raw.recv(65536))
            flight = ours.read()
            raw.sendall(flight[:-1])
            time.sleep(0.1)  # relayd has read the certificate
            self.take_key_out('pin out')
            raw.sendall(flight[-1:])
            raw.settimeout(1)
            with self.assertRaises((ssl.SSLError, OSError, ssl.SSLZeroReturnError)):
                tls.write(hello().encode())
                raw.sendall(ours.read())
                while piece := raw.recv(65536):
                    theirs.write(piece)
                    tls.read(65536)
                raise ConnectionError('closed')
        hub.wait_for_log(lambda log: 'its key is no longer pinned' in log, self.since)

    def test_established(self):
        for how in ('pin out', 'pin moved', 'site out'):
            with self.subTest(how):
                link = self.dial()
                self.take_key_out(how)
                self.dies(link)
                hub.restore()

    def test_suspended(self):
        """Neither the session that waits nor its mail goes on."""
        for how in ('pin out', 'pin moved', 'site out'):
            with self.subTest(how):
                mta.script()
                link = self.dial()
                mail = NearSide(link)
                mail.envelope(ANNA, BOB)
                mail.verdict('data')
                link.cut()
                self.take_key_out(how)
                try:
                    self.assertFalse(link.dial(hub.address))  # a site has moved to that key: a new session
                    self.assertEqual(how, 'pin moved')
                except (OSError, ssl.SSLError, Gone, Broken):
                    self.assertNotEqual(how, 'pin moved')
                link.cut()
                self.assertEqual(mta.mails, [])
                hub.restore()

    def test_dialled(self):
        """relayd has dialled, and waits for our Hello."""
        link = self.answer_call()
        hub.change({called.pin_text: NOBODY})
        link.write(link.hello_to_send(resume=False).frame().encode())
        self.dies(link)

    def test_redialled(self):
        """relayd has dialled anew to go on with a session that was interrupted, and waits for our Hello."""
        site = next(s for s in hub.sites if f'"{called.pin_text}"' in s)
        for change in {called.pin_text: NOBODY}, {site: ''}:
            with self.subTest(change):
                link = self.link = Link(called, hub.identity)
                self.answered(lambda: link.accept(listener))
                link.cut()
                theirs = self.answered(lambda: link.take(listener))
                self.assertTrue(link.knows(theirs))
                hub.change(change)
                ours = link.hello_to_send(resume=True)
                ours.connection, ours.epoch = theirs.connection, theirs.epoch
                link.write(ours.frame().encode())
                self.dies(link)
                hub.restore()

    def answered(self, take):
        """Calls of a relayd that was killed come to nothing."""
        while True:
            try:
                return take()
            except (ssl.SSLError, ConnectionError, Gone):
                pass


if __name__ == '__main__':
    program = sys.argv.pop(1)
    unittest.main()
