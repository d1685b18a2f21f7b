"""Frames and Hellos of the link, docs/protocol.md "Frames" and "Hello": values to bytes and back. No state, no sockets."""
import enum
import struct
from dataclasses import dataclass, field

HEADER = struct.Struct('>HBBIQQ')
MAX_PAYLOAD = 16360
SKIPPABLE = 1


class Broken(Exception):
    """The peer is in error."""


class Type(enum.IntEnum):
    HELLO, PING, PONG, ACK, CREDIT, DRAIN, CLOSE, NOTICE = range(1, 9)
    OPEN, DATA, FINISH, RESET = range(16, 20)


OF_LINK = frozenset(Type) - {Type.CREDIT, Type.OPEN, Type.DATA, Type.FINISH, Type.RESET}
SEQUENCED = frozenset({Type.NOTICE, Type.OPEN, Type.DATA, Type.FINISH, Type.RESET})
PAYLOAD = {Type.HELLO: (40, MAX_PAYLOAD), Type.PING: (0, 64), Type.PONG: (0, 64), Type.ACK: (0, 0), Type.CREDIT: (8, 8),
           Type.DRAIN: (0, 0), Type.CLOSE: (0, 255), Type.NOTICE: (0, MAX_PAYLOAD), Type.OPEN: (1, 1),
           Type.DATA: (1, MAX_PAYLOAD), Type.FINISH: (0, 0), Type.RESET: (1, 256)}


@dataclass(frozen=True)
class Frame:
    type: int
    payload: bytes = b''
    stream: int = 0
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = 0

    def encode(self):
        return HEADER.pack(len(self.payload), self.type, self.flags, self.stream, self.sequence,
                           self.acknowledgement) + self.payload

    def check(self):
        """Raises Broken if it is no frame that may be, whatever came before it."""
        if self.type not in PAYLOAD:
            if not self.flags & SKIPPABLE:
                raise Broken(f'type {self.type} with flags {self.flags}')
            return
        least, most = PAYLOAD[self.type]
        if self.flags & ~SKIPPABLE or not least <= len(self.payload) <= most \
                or (self.stream == 0) != (self.type in OF_LINK) or (self.sequence != 0) != (self.type in SEQUENCED):
            raise Broken(f'malformed: {self}')


def take_frame(buffer):
    """Takes the first frame out of a bytearray; None if it is not whole yet."""
    if len(buffer) < HEADER.size:
        return None
    length, kind, flags, stream, sequence, acknowledgement = HEADER.unpack_from(buffer)
    if length > MAX_PAYLOAD:
        raise Broken(f'payload of {length} bytes')
    end = HEADER.size + length
    if len(buffer) < end:
        return None
    frame = Frame(kind, bytes(buffer[HEADER.size:end]), stream, sequence, acknowledgement, flags)
    del buffer[:end]
    frame.check()
    return frame


RESUMPTION = 1  # capability 0
QUESTIONS = 4   # capability 2
SERVICES = 8    # capability 3
FORWARDS = 32   # capability 5
BESIDE = 256    # capability 8
TRACES = 512    # capability 9
VERSIONS = 1024 # capability 10


@dataclass
class Hello:
    instance: bytes
    number: int
    name: bytes = b'python'
    max_streams: int = 100
    window: int = 65536
    versions: tuple = (1, 1)
    capabilities: int = RESUMPTION
    connection: int = 0
    connections: int = 1
    own: int = 0
    peer: int = 0
    epoch: int = 0
    received: int = 0
    predecessor: bytes = bytes(16)
    magic: bytes = field(default=b'tsmtp', repr=False)

    FIXED = struct.Struct('>5sBBBQ16sII')
    RESUMING = struct.Struct('>BBQQQQQ')

    def encode(self):
        fixed = self.FIXED.pack(self.magic, *self.versions, len(self.name), self.capabilities, self.instance, self.max_streams,
                                self.window)
        resuming = self.RESUMING.pack(self.connection, self.connections, self.number, self.own, self.peer, self.epoch,
                                      self.received)
        return (fixed + self.name + (resuming if self.capabilities & RESUMPTION else b'') +
                (self.predecessor if self.capabilities & BESIDE else b''))

    def frame(self):
        return Frame(Type.HELLO, self.encode())

    @classmethod
    def decode(cls, frame):
        if frame.type != Type.HELLO or frame.acknowledgement:
            raise Broken(f'{frame} in place of a Hello')
        magic, low, high, length, capabilities, instance, streams, window = cls.FIXED.unpack_from(frame.payload)
        if magic != b'tsmtp' or not 1 <= low <= high or window < 1024:
            raise Broken(f'Hello with {magic}, versions {low} to {high}, window {window}')
        end = cls.FIXED.size + length
        hello = cls(instance, 0, frame.payload[cls.FIXED.size:end], streams, window, (low, high), capabilities)
        if capabilities & RESUMPTION:
            (hello.connection, hello.connections, hello.number, hello.own, hello.peer, hello.epoch,
             hello.received) = cls.RESUMING.unpack_from(frame.payload, end)
            if not hello.number or not hello.connections or bool(hello.own) != bool(hello.peer):
                raise Broken(f'{hello}')
            end += cls.RESUMING.size
        if capabilities & BESIDE:
            hello.predecessor = frame.payload[end:end + 16]
            if len(hello.predecessor) < 16 or hello.predecessor == instance:
                raise Broken(f'{hello}')
        return hello
