"""A session of the link, docs/protocol.md "Sessions" to "Drain and Close": frames in, frames out. It knows no sockets and no
clock; it raises Broken at everything that the page calls an error, so that relayd is held to the page."""
from collections import deque

from frames import Broken, FORWARDS, Frame, MAX_PAYLOAD, Type

CANCELLED, REFUSED, FAILED, UNKNOWN_SERVICE = 1, 2, 3, 4
ACK_FRAMES, ACK_BYTES = 64, 128 * 1024


class Stream:
    def __init__(self, session, number, ours):
        self.session, self.number, self.ours = session, number, ours
        self.queue = bytearray()            # to be sent
        self.sent, self.may_send = 0, session.theirs.window
        self.inbox = bytearray()            # received, not taken
        self.received, self.may_receive = 0, session.ours.window
        self.taken, self.stated = 0, 0      # what our user took; the last Credit that we sent, 0 if none
        self.finishing = self.finished = self.peer_finished = False
        self.reset_sent, self.reset_by_peer = False, None
        self.end_sequence = 0               # of the Finish or Reset with which we ended it

    @property
    def over(self):
        return self.reset_sent or self.reset_by_peer is not None or (self.finished and self.peer_finished)

    def send(self, data):
        self.queue += data

    def finish(self):
        self.finishing = True

    def reset(self, code, cause=b''):
        if not self.over:
            self.queue.clear()
            self.reset_sent = True
            self.end_sequence = self.session.send(Type.RESET, bytes([code]) + cause, self.number)

    def take(self, limit=None):
        """What has come, at most limit bytes of it; gives the peer credit for it."""
        piece = bytes(self.inbox[:limit])
        del self.inbox[:len(piece)]
        self.taken += len(piece)
        goal = self.taken + self.session.ours.window
        if not self.peer_finished and not self.over and goal - self.may_receive >= self.session.ours.window // 2:
            self.may_receive = self.stated = goal
            self.state_credit()
        return piece

    def state_credit(self):
        self.session.send(Type.CREDIT, self.stated.to_bytes(8, 'big'), self.number)


class Session:
    def __init__(self, dialled, ours, theirs):
        self.dialled, self.ours, self.theirs = dialled, ours, theirs
        self.number, self.peer_number = ours.number, theirs.number
        self.resumable = bool(ours.capabilities & theirs.capabilities & 1)
        self.epoch = 0
        self.output = bytearray()
        self.sequence = self.received = 0              # of the last sequenced frame sent, and received
        self.acknowledged = self.said = 0              # the last acknowledgement received, and sent
        self.unacknowledged_frames = self.unacknowledged_bytes = 0
        self.kept = deque()                            # sequenced frames that the peer may not have
        self.streams, self.accepted, self.notices = {}, deque(), deque()
        self.next_number = 1 if dialled else 2
        self.last_of_peer = 0
        self.draining = self.peer_draining = False
        self.closed = None                             # the peer's word at Close
        self.pings, self.pongs = deque(), 0            # not answered yet; answered

    # Sending

    def send(self, kind, payload=b'', stream=0):
        sequence = 0
        if kind in (Type.NOTICE, Type.OPEN, Type.DATA, Type.FINISH, Type.RESET):
            sequence = self.sequence = self.sequence + 1
        frame = Frame(kind, bytes(payload), stream, sequence, self.received)
        self.said, self.unacknowledged_frames, self.unacknowledged_bytes = self.received, 0, 0
        if sequence:
            self.kept.append(frame)
        self.output += frame.encode()
        return sequence

    def open(self, service=1):
        stream = Stream(self, self.next_number, ours=True)
        self.next_number += 2
        self.streams[stream.number] = stream
        self.send(Type.OPEN, bytes([service]), stream.number)
        return stream

    def drain(self):
        self.draining = True
        self.send(Type.DRAIN)

    def ping(self, payload):
        self.pings.append(payload)
        self.send(Type.PING, payload)

    def flush(self):
        """One turn: a frame of each stream that has both bytes and credit. Whether there was anything."""
        before = len(self.output)
        for stream in list(self.streams.values()):
            if stream.over or stream.finished:
                continue
            piece = stream.queue[:min(MAX_PAYLOAD, stream.may_send - stream.sent)]
            if piece:
                del stream.queue[:len(piece)]
                stream.sent += len(piece)
                self.send(Type.DATA, piece, stream.number)
            if stream.finishing and not stream.queue:
                stream.finished = True
                stream.end_sequence = self.send(Type.FINISH, b'', stream.number)
        return len(self.output) > before

    def acknowledge(self, waited_long):
        """Sends an Ack if one is due. waited_long: whether something sequenced came 100 ms ago."""
        if self.received > self.said and (waited_long or self.unacknowledged_frames >= ACK_FRAMES
                                          or self.unacknowledged_bytes >= ACK_BYTES):
            self.send(Type.ACK)

    # Resuming

    def resume(self, epoch, received):
        """The connection is another. The peer has so many of our sequenced frames."""
        first_kept = self.kept[0].sequence if self.kept else self.sequence + 1
        if not first_kept - 1 <= received <= self.sequence:
            raise Broken(f'received {received}, of {first_kept} to {self.sequence}')
        self.epoch = epoch
        self.output = bytearray()
        self.pings.clear()
        while self.kept and self.kept[0].sequence <= received:
            self.kept.popleft()
        for frame in self.kept:
            self.output += frame.encode()
        for stream in self.streams.values():
            if stream.stated and not stream.over and not stream.peer_finished:
                stream.state_credit()
        if self.draining:
            self.send(Type.DRAIN)

    # Receiving

    def receive(self, frame):
        if self.closed is not None:
            raise Broken(f'{frame} after Close')
        if not self.acknowledged <= frame.acknowledgement <= self.sequence:
            raise Broken(f'{frame}: acknowledged {self.acknowledged}, sent {self.sequence}')
        self.acknowledged = frame.acknowledgement
        while self.kept and self.kept[0].sequence <= self.acknowledged:
            self.kept.popleft()
        for number in [n for n, s in self.streams.items() if s.over and s.end_sequence <= self.acknowledged]:
            del self.streams[number]
        if frame.sequence:
            if frame.sequence != self.received + 1:
                raise Broken(f'{frame}: expected {self.received + 1}')
            self.received += 1
            self.unacknowledged_frames += 1
            self.unacknowledged_bytes += len(frame.payload)
        if frame.type in Type.__members__.values():
            getattr(self, 'on_' + Type(frame.type).name.lower())(frame)

    def on_hello(self, frame):
        raise Broken('a second Hello')

    def on_ping(self, frame):
        self.send(Type.PONG, frame.payload)

    def on_pong(self, frame):
        if not self.pings or self.pings.popleft() != frame.payload:
            raise Broken(f'{frame} answers no Ping')
        self.pongs += 1

    def on_ack(self, frame):
        pass

    def on_drain(self, frame):
        if self.peer_draining:
            raise Broken('a second Drain')
        self.peer_draining = True

    def on_close(self, frame):
        self.closed = frame.payload.decode()

    def on_notice(self, frame):
        self.notices.append(frame.payload)

    def on_open(self, frame):
        number = frame.stream
        if number % 2 == self.next_number % 2 or number <= self.last_of_peer or self.peer_draining:
            raise Broken(f'{frame}: the last was {self.last_of_peer}')
        self.last_of_peer = number
        stream = self.streams[number] = Stream(self, number, ours=False)
        if self.draining or sum(not s.ours and not s.over for s in self.streams.values()) > self.ours.max_streams:
            stream.reset(REFUSED, b'draining' if self.draining else b'too many')
        elif frame.payload != b'\1' and not (frame.payload == b'\2' and self.ours.capabilities & FORWARDS):
            stream.reset(FAILED, b'unknown service')
        else:
            self.accepted.append(stream)

    def stream_of(self, frame):
        stream = self.streams.get(frame.stream)
        if stream is None or stream.reset_by_peer is not None:
            raise Broken(f'{frame} on a stream that is over, or was never opened')
        return stream

    def on_data(self, frame):
        stream = self.stream_of(frame)
        stream.received += len(frame.payload)
        if stream.peer_finished or stream.received > stream.may_receive:
            raise Broken(f'{frame} behind Finish or beyond {stream.may_receive}')
        if not stream.over:
            stream.inbox += frame.payload

    def on_finish(self, frame):
        stream = self.stream_of(frame)
        if stream.peer_finished:
            raise Broken(f'{frame}: a second one')
        stream.peer_finished = True

    def on_reset(self, frame):
        stream = self.stream_of(frame)
        stream.reset_by_peer = (frame.payload[0], frame.payload[1:].decode())
        del self.streams[frame.stream]

    def on_credit(self, frame):
        stream = self.stream_of(frame)
        offset = int.from_bytes(frame.payload, 'big')
        if offset > stream.sent + 2**32:
            raise Broken(f'{frame}: {stream.sent} sent')
        stream.may_send = max(stream.may_send, offset)
