"""bulk_sink.py PORT: an MTA that takes everything and looks at nothing but the end of what it read, so that it is never
what is measured. It knows only clients that wait for the reply to the end of a mail."""

import socket
import sys
import threading

END = b"\r\n.\r\n"


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"220 sink.birl.example ESMTP\r\n")
    buffer = bytearray(1 << 20)
    view, pending = memoryview(buffer), b""
    while count := connection.recv_into(buffer):
        pending += view[:count]
        while b"\r\n" in pending:
            line, pending = pending.split(b"\r\n", 1)
            verb = line[:4].upper()
            if verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                take_content(connection, buffer, b"\r\n" + pending)
                pending = b""
            connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


def take_content(connection, buffer, tail):
    view = memoryview(buffer)
    while not tail.endswith(END):
        count = connection.recv_into(buffer)
        if not count:
            return
        tail = (tail + view[max(0, count - len(END)):count])[-len(END):]


listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=256)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
