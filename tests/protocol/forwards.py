"""Connections of programs on streams, docs/protocol.md "Forwards": messages, and offers of services."""
import struct

from frames import Broken

SERVICE = 2
REQUEST, WAITING, ACCEPTED, REFUSED = range(1, 5)
CONNECTION, DATA = 1, 2
ANSWERS, SILENT, WITHDRAWN = range(1, 4)
OFFER = 4


def text(value):
    return bytes([len(value)]) + value


def message(kind, payload=b''):
    return struct.pack('>HB', len(payload) + 1, kind) + payload


def request(kind, number, token=0, service=b'', user=b'', client=b''):
    return message(REQUEST, struct.pack('>BQH', kind, number, token) + text(service) + text(user) + text(client))


def offer(service, state=ANSWERS, parameter=b'', cause=b''):
    return bytes([OFFER, state]) + text(service) + text(parameter) + text(cause)


def take_message(buffer):
    """Takes the first message out of a bytearray, as its kind and its payload; None if it is not whole yet."""
    if len(buffer) < 2:
        return None
    length, = struct.unpack_from('>H', buffer)
    if not 1 <= length <= 2048:
        raise Broken(f'message of {length} bytes')
    if len(buffer) < 2 + length:
        return None
    kind, payload = buffer[2], bytes(buffer[3:2 + length])
    del buffer[:2 + length]
    return kind, payload


def parse_request(payload):
    """Kind, number of the connection, token and service."""
    kind, number, token = struct.unpack_from('>BQH', payload)
    return kind, number, token, payload[12:12 + payload[11]]
