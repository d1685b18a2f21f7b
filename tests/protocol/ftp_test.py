#!/usr/bin/env python3
"""relayd as either end of FTP, beside a client, a server or a hub that means ill: data connections go to the two ends of their
control connection alone, refused commands reach no server, and whatever is said, relayd goes on.
Usage: ftp_test.py RELAYD [unittest arguments]"""
import os
import re
import socket
import struct
import sys
import tempfile
import time
import unittest
from pathlib import Path

import forwards
from forwards import ACCEPTED, CONNECTION, DATA, REFUSED, REQUEST
from frames import FORWARDS, RESUMPTION, SERVICES
from hub import Hub
from identity import Identity
from link import Link, PATIENCE, listen
from mta import ScriptedMta

OURS = '127.0.0.1'
STRANGER = '127.0.0.66'  # an address of this machine that is neither end's


def free_port():
    with listen() as one:
        return one.getsockname()[1]


def setUpModule():
    global hub, mta, directory, key, server, forward_port
    directory = tempfile.TemporaryDirectory()
    key = Identity.make(Path(directory.name) / 'key')
    mta, server, forward_port = ScriptedMta(), listen(), free_port()
    hub = Hub(program, mta.address)
    hub.site('peer', key)
    hub.sites.append('\n'.join(['[[service]]', 'name = "ftp"', 'to = "127.0.0.1:%d"' % server.getsockname()[1], 'sites = ["peer"]',
                                'protocol = "ftp"', 'ftp_refuse = ["STOR"]']))
    hub.sites.append('\n'.join(['[[forward]]', f'listen = ["127.0.0.1:{forward_port}"]', 'site = "peer"', 'service = "theirs"']))
    hub.start()


def tearDownModule():
    log = hub.log()
    assert hub.stop() == 0, log
    directory.cleanup()


class Connected(unittest.TestCase):
    def setUp(self):
        self.since = len(hub.log())
        self.link = Link(key, hub.identity, capabilities=RESUMPTION | SERVICES | FORWARDS)
        self.link.dial(hub.address)
        self.open = [self.link.socket]

    def tearDown(self):
        self.link.close(b'done')
        for one in self.open:
            one.close()

    def keep(self, one):
        one.settimeout(PATIENCE)
        self.open.append(one)
        return one

    def wait_for(self, condition):
        return self.link.wait_for(condition)

    def hear(self, end):
        """A line that comes to one of the sockets, while the link goes on."""
        end.setblocking(False)
        got = bytearray()

        def look():
            try:
                piece = end.recv(1)
                while piece and piece != b'\n':
                    got.extend(piece)
                    piece = end.recv(1)
                return True
            except BlockingIOError:
                return False
        self.wait_for(look)
        end.settimeout(PATIENCE)
        return got.rstrip(b'\r').decode('latin-1')

    def gone(self, end):
        """Waits until the other side has closed the socket; returns what came before."""
        end.setblocking(False)
        got = bytearray()

        def look():
            try:
                while piece := end.recv(65536):
                    got.extend(piece)
                return True
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
        self.wait_for(look)
        return bytes(got)

    def lines_on(self, stream, count=1):
        """So many lines off a stream."""
        self.buffers = getattr(self, 'buffers', {})
        buffer = self.buffers.setdefault(stream.number, bytearray())

        def look():
            buffer.extend(stream.take())
            return buffer.count(b'\n') >= count
        self.wait_for(look)
        lines = []
        for _ in range(count):
            line, _, rest = bytes(buffer).partition(b'\n')
            buffer[:] = rest
            lines.append(line.rstrip(b'\r').decode('latin-1'))
        return lines if count > 1 else lines[0]

    def answer_on(self, stream):
        """The hub's answer to our request."""
        self.buffers = getattr(self, 'buffers', {})
        buffer = self.buffers.setdefault(stream.number, bytearray())

        def look():
            buffer.extend(stream.take())
            return forwards.take_message(buffer)
        return self.wait_for(look)

    def accept(self, listener):
        listener.setblocking(False)

        def look():
            try:
                return listener.accept()[0]
            except BlockingIOError:
                return None
        return self.keep(self.wait_for(look))

    def assert_no_stranger_gets_in(self, where):
        try:
            stranger = self.keep(socket.create_connection(where, PATIENCE, (STRANGER, 0)))
        except ConnectionResetError:
            return  # already
        self.assertEqual(self.gone(stranger), b'')

    def log(self, pattern):
        self.wait_for(lambda: re.search(pattern, hub.log()[self.since:]))


class FarEnd(Connected):
    """The server is beside relayd; we are the hub of the client, and the server."""

    def setUp(self):
        super().setUp()
        self.wait_for(lambda: any(notice == forwards.offer(b'ftp', parameter=b'ftp') for notice in self.link.session.notices))
        self.number = int.from_bytes(os.urandom(8), 'big')
        self.control = self.link.session.open(forwards.SERVICE)
        self.control.send(forwards.request(CONNECTION, self.number, service=b'ftp'))
        self.server = self.accept(server)
        self.assertEqual(self.answer_on(self.control)[0], ACCEPTED)
        self.server.sendall(b'220 ready\r\n')
        self.assertEqual(self.lines_on(self.control), '220 ready')

    def command(self, line):
        """What the server gets."""
        self.control.send(line + b'\r\n')
        return self.hear(self.server)

    def reply(self, line):
        """What the client's hub gets."""
        self.server.sendall(line + b'\r\n')
        return self.lines_on(self.control)

    def data(self, token, number=None):
        stream = self.link.session.open(forwards.SERVICE)
        stream.send(forwards.request(DATA, self.number if number is None else number, token))
        return stream

    def test_passive(self):
        with socket.create_server((OURS, 0)) as place:
            self.command(b'PASV')
            port = place.getsockname()[1]
            told = self.reply(b'227 Entering Passive Mode (127,0,0,1,%d,%d)' % (port >> 8, port & 255))
            token = int(re.fullmatch(r'229 Entering Extended Passive Mode \(\|\|\|(\d+)\|\)', told)[1])
            stream = self.data(token)
            connection = self.accept(place)
            self.assertEqual(self.answer_on(stream)[0], ACCEPTED)
            self.assertEqual(connection.getpeername()[0], self.server.getpeername()[0], 'as the control connection does')
            connection.sendall(b'content\n')
            connection.close()
            self.assertEqual(self.lines_on(stream), 'content')
            self.wait_for(lambda: stream.peer_finished)
            again = self.data(token)
            self.assertEqual(self.answer_on(again), (REFUSED, forwards.text(b'no such data connection')))

    def test_a_server_that_does_not_listen_where_it_says(self):
        port = free_port()
        self.command(b'EPSV')
        stream = self.data(int(self.reply(b'229 (|||%d|)' % port).split('|')[3]))
        kind, cause = self.answer_on(stream)
        self.assertEqual((kind, cause[1:]), (REFUSED, b'the service cannot be reached (Connection refused)'))
        self.assertEqual(self.command(b'NOOP'), 'NOOP')
        self.link.session.ping(b'')
        self.wait_for(lambda: self.link.session.pongs)
        self.assertFalse([n for n in self.link.session.notices if n.startswith(forwards.offer(b'ftp', forwards.SILENT)[:6])],
                         'the service itself answers')

    def test_tokens_that_were_never_given(self):
        self.command(b'PASV')
        self.reply(b'227 (127,0,0,1,8,8)')
        for token, number in (0, None), (2, None), (65535, None), (1, self.number ^ 1):
            answer = self.answer_on(self.data(token, number))
            self.assertEqual(answer, (REFUSED, forwards.text(b'no such data connection')))

    def test_a_server_that_names_others(self):
        with socket.create_server((STRANGER, 0)) as other:
            port = other.getsockname()[1]
            for reply in (b'227 Entering Passive Mode (127,0,0,66,%d,%d)' % (port >> 8, port & 255), b'227 (127,0,0,1,0,25)',
                          b'229 Entering Extended Passive Mode (|1|%s|%d|)' % (STRANGER.encode(), port), b'229 (|||22|)', b'227 nowhere',
                          b'228 Entering Long Passive Mode (4,4,127,0,0,66,2,%d,%d)' % (port >> 8, port & 255)):
                self.command(b'PASV')
                self.assertRegex(self.reply(reply), '^425 ')
                self.assertEqual(self.answer_on(self.data(1))[0], REFUSED)
            self.log(r'peer: ftp, connection [0-9a-f]{16}: the server named 127\.0\.0\.66:%d for a data connection' % port)
            self.assert_not_connected(other)

    def assert_not_connected(self, listener):
        listener.settimeout(0)
        self.assertRaises(BlockingIOError, listener.accept)

    def test_a_server_that_says_so_unasked(self):
        self.assertRegex(self.reply(b'227 Entering Passive Mode (127,0,0,1,8,8)'), '^425 ')
        self.command(b'NOOP')
        self.assertRegex(self.reply(b'229 Entering Extended Passive Mode (|||2056|)'), '^425 ')
        self.command(b'NOOP')
        self.server.sendall(b'200-hello\r\n227 (127,0,0,66,8,8)\r\n200 ok\r227 (127,0,0,66,8,8)\r\n')
        self.assertEqual(self.lines_on(self.control, 3), ['200-hello', ' 227 (127,0,0,66,8,8)', '200 ok 227 (127,0,0,66,8,8)'])

    def test_a_hub_that_names_others(self):
        with socket.create_server((STRANGER, 0)) as other:
            port = other.getsockname()[1]
            for line in b'PORT 127,0,0,66,%d,%d' % (port >> 8, port & 255), b'EPRT |1|127.0.0.66|%d|' % port, b'EPRT |1|0.0.0.0|0|':
                self.control.send(line + b'\r\n')
                self.assertRegex(self.lines_on(self.control), '^501 ')
            self.assert_not_connected(other)

    def test_active(self):
        told = self.command(b'EPRT |1|0.0.0.0|77|')
        numbers = [int(n) for n in re.fullmatch(r'PORT ((\d+,){5}\d+)', told)[1].split(',')]
        where = ('.'.join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])
        self.assertEqual(where[0], self.server.getpeername()[0])
        self.assertEqual(self.reply(b'200 ok'), '200 ok')
        self.assert_no_stranger_gets_in(where)
        self.log(r'a data connection from 127\.0\.0\.66 was broken off')
        connection = self.keep(socket.create_connection(where, PATIENCE, (OURS, 0)))
        stream = self.wait_for(lambda: self.link.session.accepted and self.link.session.accepted.popleft())
        buffer = bytearray()

        def look():
            buffer.extend(stream.take())
            return forwards.take_message(buffer)
        kind, payload = self.wait_for(look)
        self.assertEqual((kind, forwards.parse_request(payload)), (REQUEST, (DATA, self.number, 77, b'')))
        self.assertNotIn(b'127', payload[11:], 'no address crosses the link')
        stream.send(forwards.message(ACCEPTED, forwards.text(b'')) + b'to the server\n')
        self.assertEqual(self.hear(connection), 'to the server')
        with self.assertRaises(ConnectionError):
            socket.create_connection(where, PATIENCE, (OURS, 0))

    def test_a_thousand_times_passive(self):
        before = len(os.listdir(f'/proc/{hub.process.pid}/fd'))
        for n in range(1000):
            self.control.send(b'EPRT |1|0.0.0.0|%d|\r\n' % (n + 1))
            self.hear(self.server)
            self.server.sendall(b'200 ok\r\n')
            self.lines_on(self.control)
        self.assertLess(len(os.listdir(f'/proc/{hub.process.pid}/fd')), before + 10)

    def test_refused_commands(self):
        for line in b'STOR x', b'stor x', b'\xff\xf1STOR x':
            self.control.send(line + b'\r\n')
            self.assertEqual(self.lines_on(self.control), '550 STOR is refused here by policy')
        for line in b'NOOP\rSTOR x', b'NOOP\0STOR x', b' STOR x', b'ST\xff\xf1OR x', b'':
            self.control.send(line + b'\r\n')
            self.assertRegex(self.lines_on(self.control), '^500 ')
        self.assertEqual(self.command(b'NOOP'), 'NOOP', 'nothing of them reached the server')

    def test_tls(self):
        self.control.send(b'AUTH TLS\r\n')
        self.assertRegex(self.lines_on(self.control), '^534 TLS is refused here by policy')

    def test_replies_keep_their_order(self):
        self.control.send(b'USER a\r\nSTOR x\r\nPASS b\r\nAUTH TLS\r\nPWD\r\n')
        self.assertEqual([self.hear(self.server) for _ in range(3)], ['USER a', 'PASS b', 'PWD'])
        self.server.sendall(b'331 a\r\n230 b\r\n257 c\r\n')
        self.assertEqual([line[:3] for line in self.lines_on(self.control, 5)], ['331', '550', '230', '534', '257'])

    def test_a_transfer_is_recorded_and_escaped(self):
        with socket.create_server((OURS, 0)) as place:
            self.command(b'EPSV')
            self.reply(b'229 (|||%d|)' % place.getsockname()[1])
            self.command(b'RETR a\x1b[2J"b')
            stream = self.data(1)
            connection = self.accept(place)
            self.assertEqual(self.answer_on(stream)[0], ACCEPTED)
            self.server.sendall(b'150 coming\r\n')
            connection.sendall(b'12345')
            connection.close()
            self.wait_for(lambda: stream.peer_finished)
            stream.take()
            stream.finish()
            self.server.sendall(b'226 done\r\n')
            self.assertEqual(self.lines_on(self.control, 2), ['150 coming', '226 done'])
        self.log(r'peer: service ftp, connection [0-9a-f]{16}: RETR "a\\x1b\[2J"b", 5 bytes, 226')

    def test_a_server_that_speaks_no_ftp(self):
        self.server.sendall(b'SSH-2.0-OpenSSH\r\n')
        self.wait_for(lambda: self.control.reset_by_peer is not None)
        self.log("the server's reply has no code")

    def test_a_reply_of_a_megabyte(self):
        try:
            self.server.sendall(b'220 ' + bytes(1 << 20))
        except ConnectionError:
            pass
        self.wait_for(lambda: self.control.reset_by_peer is not None)


class NearEnd(Connected):
    """The client is beside relayd; we are the hub of the server, and the client."""

    def setUp(self):
        super().setUp()
        self.link.session.send(8, forwards.offer(b'theirs', parameter=b'ftp'))
        self.log('forward to theirs: open to programs here')
        self.client = self.keep(socket.create_connection((OURS, forward_port), PATIENCE))
        self.control = self.wait_for(lambda: self.link.session.accepted and self.link.session.accepted.popleft())
        kind, payload = self.answer_on(self.control)
        self.assertEqual(kind, REQUEST)
        what, self.number, _, service = forwards.parse_request(payload)
        self.assertEqual((what, service), (CONNECTION, b'theirs'))
        self.control.send(forwards.message(ACCEPTED, forwards.text(b'')) + b'220 ready\r\n')
        self.assertEqual(self.hear(self.client), '220 ready')

    def command(self, line):
        """What the other hub gets."""
        self.client.sendall(line + b'\r\n')
        return self.lines_on(self.control)

    def reply(self, line):
        """What the client gets."""
        self.control.send(line + b'\r\n')
        return self.hear(self.client)

    def test_passive(self):
        self.assertEqual(self.command(b'PASV'), 'PASV')
        told = self.reply(b'229 Entering Extended Passive Mode (|||7|)')
        numbers = [int(n) for n in re.fullmatch(r'227 Entering Passive Mode \(((\d+,){5}\d+)\)', told)[1].split(',')]
        self.assertEqual(numbers[:4], [127, 0, 0, 1])
        where = (OURS, numbers[4] * 256 + numbers[5])
        self.assert_no_stranger_gets_in(where)
        connection = self.keep(socket.create_connection(where, PATIENCE))
        stream = self.wait_for(lambda: self.link.session.accepted and self.link.session.accepted.popleft())
        kind, payload = self.answer_on(stream)
        self.assertEqual((kind, forwards.parse_request(payload)), (REQUEST, (DATA, self.number, 7, b'')))
        stream.send(forwards.message(ACCEPTED, forwards.text(b'')) + b'content\n')
        self.assertEqual(self.hear(connection), 'content')
        with self.assertRaises(ConnectionError):
            socket.create_connection(where, PATIENCE)

    def test_a_data_connection_that_is_refused(self):
        self.command(b'EPSV')
        port = int(self.reply(b'229 (|||7|)').split('|')[3])
        connection = self.keep(socket.create_connection((OURS, port), PATIENCE))
        stream = self.wait_for(lambda: self.link.session.accepted and self.link.session.accepted.popleft())
        self.answer_on(stream)
        stream.send(forwards.message(REFUSED, forwards.text(b'no such data connection')))
        stream.finish()
        self.assertEqual(self.gone(connection), b'')
        self.assertEqual(self.command(b'NOOP'), 'NOOP', 'the control connection goes on')

    def test_a_thousand_times_passive(self):
        before = len(os.listdir(f'/proc/{hub.process.pid}/fd'))
        first = None
        for n in range(1000):
            self.command(b'PASV')
            told = self.reply(b'229 (|||%d|)' % (n + 1))
            first = first or told
        self.assertLess(len(os.listdir(f'/proc/{hub.process.pid}/fd')), before + 10)
        numbers = [int(n) for n in re.findall(r'\d+', first[4:])]
        with self.assertRaises(ConnectionError):
            socket.create_connection((OURS, numbers[4] * 256 + numbers[5]), PATIENCE)

    def test_active(self):
        with socket.create_server((OURS, 0)) as place:
            port = place.getsockname()[1]
            told = self.command(b'PORT 127,0,0,1,%d,%d' % (port >> 8, port & 255))
            token = int(re.fullmatch(r'EPRT \|1\|0\.0\.0\.0\|(\d+)\|', told)[1])
            self.assertEqual(self.reply(b'200 ok'), '200 ok')
            stream = self.link.session.open(forwards.SERVICE)
            stream.send(forwards.request(DATA, self.number, token) + b'content\n')
            connection = self.accept(place)
            self.assertEqual(self.answer_on(stream)[0], ACCEPTED)
            self.assertEqual(self.hear(connection), 'content')
            again = self.link.session.open(forwards.SERVICE)
            again.send(forwards.request(DATA, self.number, token))
            self.assertEqual(self.answer_on(again), (REFUSED, forwards.text(b'no such data connection')))

    def test_a_client_that_names_others(self):
        for line in b'PORT 127,0,0,66,8,8', b'EPRT |1|127.0.0.66|2056|', b'EPRT |2|::1|2056|', b'PORT 127,0,0,1,0,25', b'PORT x':
            self.client.sendall(line + b'\r\n')
            self.assertRegex(self.hear(self.client), '^501 ')
        self.assertEqual(self.command(b'NOOP'), 'NOOP', 'nothing of it went on')

    def test_a_hub_that_names_others(self):
        for reply in b'227 Entering Passive Mode (127,0,0,66,8,8)', b'229 (|1|127.0.0.66|2056|)', b'229 (|||0|)', b'228 (4,4,127,0,0,66,2,8,8)':
            self.command(b'PASV')
            self.assertRegex(self.reply(reply), '^425 ')
        self.command(b'NOOP')
        self.assertRegex(self.reply(b'229 (|||7|)'), '^425 ')

    def test_a_line_of_a_megabyte(self):
        self.client.sendall(bytes([120]) * 5000)
        self.assertRegex(self.hear(self.client), '^500 A command of more than 4096 bytes is refused here')
        try:
            self.client.sendall(bytes([120]) * (1 << 20))
        except ConnectionError:
            pass
        self.assertEqual(self.gone(self.client), b'')
        self.log('a line of the control connection has no end')

    def test_a_client_that_waits_for_nothing(self):
        try:
            self.client.sendall(b'NOOP\r\n' * 1000)
        except ConnectionError:
            pass
        # In order, behind the commands before, or broken off where there were none in the same piece.
        self.wait_for(lambda: self.control.reset_by_peer is not None or self.control.peer_finished)
        self.log('more than 128 commands wait for their replies')

    def test_a_hub_that_speaks_no_ftp(self):
        self.control.send(b'nonsense\r\n')
        self.assertEqual(self.gone(self.client), b'')
        self.log("the server's reply has no code")


if __name__ == '__main__':
    program = Path(sys.argv.pop(1)).resolve()
    unittest.main()
