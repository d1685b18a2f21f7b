"""A link to one site: TLS, Hellos, and a session that outlives its connection, docs/protocol.md "Transport" to "Sessions".
One thread: whoever waits for something calls wait_for(), which reads, answers and writes until it is there."""
import os
import select
import socket
import ssl
import time
from itertools import count

from frames import Broken, Hello, RESUMPTION, Type, take_frame
from identity import pin_of
from session import Session

PATIENCE = 40  # seconds, on a busy machine too, until a test gives something up


class Gone(Exception):
    """The connection ended without a Close."""


class Link:
    def __init__(self, identity, peer, **hello):
        self.identity, self.peer = identity, peer
        self.instance, self.numbers = os.urandom(16), count(1)
        self.hello = hello  # what our Hellos say beside what they must
        self.session = self.socket = None
        self.on_turn = []   # called whenever frames have come: users of streams
        self.read_at_most = None  # bytes until the connection is to break
        self.source = None  # the address that we dial from, if it is to be a certain one

    # Connections

    def dial(self, address):
        """Connects, and resumes our session if there is one. Whether it was resumed."""
        self.connect(address)
        ours = self.hello_to_send(resume=self.session is not None)
        self.write(ours.frame().encode())
        return self.begin(True, ours, self.read_hello())

    def accept(self, listener):
        """Takes a connection, and resumes what it asks for. Whether a session was resumed."""
        theirs = self.take(listener)
        resumed = self.knows(theirs)
        ours = self.hello_to_send(resume=resumed)
        ours.connection = theirs.connection
        if resumed:
            ours.epoch = theirs.epoch
        self.write(ours.frame().encode())
        return self.begin(False, ours, theirs)

    def take(self, listener):
        """Takes a connection, and the Hello on it."""
        listener.settimeout(PATIENCE)
        raw, _ = listener.accept()
        self.secure(raw, dialling=False)
        return self.read_hello()

    def connect(self, address):
        self.secure(socket.create_connection(address, PATIENCE, self.source), dialling=True)

    def secure(self, raw, dialling):
        raw.settimeout(PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = self.identity.context(self.peer, dialling).wrap_socket(raw, server_side=not dialling)
        if self.socket.selected_alpn_protocol() != 'tsmtp/1' or pin_of(self.socket.getpeercert(True)) != self.peer.pin:
            raise Broken('not the peer')
        self.input = bytearray()
        self.unsent = bytearray()
        self.wanted_ack_since = None

    def hello_to_send(self, resume):
        hello = Hello(self.instance, next(self.numbers), **self.hello)
        if resume:
            hello.own, hello.peer = self.session.number, self.session.peer_number
            hello.epoch, hello.received = self.session.epoch + 1, self.session.received
        return hello

    def knows(self, theirs):
        """Whether a dialling side's Hello resumes our session."""
        session = self.session
        if session is None or (theirs.instance, theirs.own, theirs.peer) != (
                session.theirs.instance, session.peer_number, session.number):
            return False
        if theirs.epoch <= session.epoch:
            raise Broken(f'epoch {theirs.epoch}, had {session.epoch}')
        return True

    def begin(self, dialled, ours, theirs):
        self.socket.setblocking(False)
        resumed = ours.own != 0 and theirs.own != 0
        if resumed:
            self.session.resume(theirs.epoch, theirs.received)
        else:
            self.session = Session(dialled, ours, theirs)
        if dialled and theirs.own and (theirs.own, theirs.peer, theirs.epoch) != (ours.peer, ours.own, ours.epoch):
            raise Broken(f'{theirs} resumes something else than {ours}')
        if dialled and theirs.capabilities & RESUMPTION and theirs.connection != ours.connection:
            raise Broken(f'{theirs} is about another connection than {ours}')
        return resumed

    def cut(self, after=None):
        """Breaks the connection, without a word. With after: that many bytes of what is to be sent still go out."""
        if after is not None:
            while self.session.flush():
                pass
            self.write((self.unsent + self.session.output)[:after])
        if self.socket:
            self.socket.close()

    def close(self, why=b''):
        self.session.send(Type.CLOSE, why)
        self.write(self.unsent + self.session.output)
        self.socket.close()

    # Bytes

    def write(self, data):
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(data)

    def read(self):
        """What has come; nothing if nothing has."""
        if self.read_at_most == 0:
            self.read_at_most = None
            self.socket.close()
            raise Gone('cut')
        try:
            data = self.socket.recv(min(65536, self.read_at_most or 65536))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b''
        except (ConnectionError, ssl.SSLEOFError):
            data = b''
        if not data:
            raise Gone(f'closed: {self.session.closed}' if self.session else 'closed')
        if self.read_at_most:
            self.read_at_most -= len(data)
        return data

    def read_hello(self):
        """The first frame of the peer."""
        while (frame := take_frame(self.input)) is None:
            self.input += self.read()
        if frame.type == Type.CLOSE:
            raise Broken(f'refused: {frame.payload.decode()}')
        return Hello.decode(frame)

    # Turns

    def wait_for(self, condition, patience=PATIENCE):
        """Keeps the link going until the condition holds, and returns what it is then."""
        deadline = time.monotonic() + patience
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError('it did not come')
            self.turn()
        return result

    def turn(self):
        """Reads, acts and writes once; waits a little if there is nothing to do."""
        self.send_some()
        self.socket.pending() or select.select([self.socket], [self.socket] if self.unsent else [], [], 0.02)
        try:
            self.input += self.read()
        finally:
            while (frame := take_frame(self.input)) is not None:
                self.session.receive(frame)
        for user in list(self.on_turn):
            user()
        self.send_some()

    def send_some(self):
        session = self.session
        self.unsent += session.output
        session.output.clear()
        if len(self.unsent) < 65536:
            session.flush()
            session.acknowledge(self.waited_long())
        self.unsent += session.output
        session.output.clear()
        try:
            while self.unsent:
                del self.unsent[:self.socket.send(self.unsent[:65536])]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass

    def waited_long(self):
        """Whether something sequenced has come 100 ms ago that is not acknowledged."""
        if self.session.received == self.session.said:
            self.wanted_ack_since = None
        elif self.wanted_ack_since is None:
            self.wanted_ack_since = time.monotonic()
        return self.wanted_ack_since is not None and time.monotonic() - self.wanted_ack_since >= 0.1


def listen():
    """A socket that listens on a free port of this machine."""
    return socket.create_server(('127.0.0.1', 0))
