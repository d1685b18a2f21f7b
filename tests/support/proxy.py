#!/usr/bin/env python3
"""A proxy for tests, which speaks SOCKS5 and HTTP CONNECT, whichever a client begins with, and behaves as it is told.

Whatever it is asked for, it connects to 127.0.0.1:TO, and prints what it was asked for, a line each. SIGUSR1 breaks all connections.
"""
import argparse
import asyncio
import base64
import signal

SOCKS = 5
ADDRESS_BYTES = {1: 4, 4: 16}
MODES = ['pass', 'refuse', 'hang', 'die', 'trickle', 'babble']


class Refused(Exception):
    pass


class Proxy:
    def __init__(self, options):
        self.options = options
        self.open = set()

    async def serve(self):
        server = await asyncio.start_server(self.client, self.options.host, self.options.port)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.cut)
        print('listening', flush=True)
        async with server:
            await server.serve_forever()

    def cut(self):
        for writer in self.open:
            writer.transport.abort()

    async def client(self, reader, writer):
        self.open.add(writer)
        try:
            first = await reader.readexactly(1)
            if self.options.do == 'hang':
                await reader.read()
                raise Refused
            elif self.options.do == 'babble':
                writer.write(b'x' * (1 << 20))
                await writer.drain()
                raise Refused
            elif first[0] == SOCKS:
                await self.socks(reader, writer)
            else:
                await self.http(first + await reader.readuntil(b'\r\n\r\n'), writer)
            await self.carry(reader, writer)
        except (Refused, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def say(self, writer, answer, last=False):
        if self.options.do == 'die' and last:
            writer.write(answer[:len(answer) // 2])
            raise Refused
        pieces = [answer[i:i + 1] for i in range(len(answer))] if self.options.do == 'trickle' else [answer]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(0.03)

    async def socks(self, reader, writer):
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        if self.options.user and 2 not in methods:
            await self.say(writer, b'\5\xff')
            raise Refused
        await self.say(writer, bytes([SOCKS, 2 if self.options.user else 0]))
        if self.options.user:
            await reader.readexactly(1)
            user, password = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
            is_known = user + b':' + password == self.options.user.encode()
            await self.say(writer, b'\1\0' if is_known else b'\1\1')
            if not is_known:
                raise Refused
        kind = (await reader.readexactly(4))[3]
        host = await reader.readexactly(ADDRESS_BYTES.get(kind) or (await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2), 'big')
        print(f'asked for {host.decode() if kind == 3 else host.hex()}:{port}', flush=True)
        await self.say(writer, b'\5\5\0\1' + bytes(6) if self.options.do == 'refuse' else b'\5\0\0\3\7gateway\0\1', last=True)
        if self.options.do == 'refuse':
            raise Refused

    async def http(self, header, writer):
        lines = header.decode().split('\r\n')
        basic = base64.b64encode(self.options.user.encode()).decode()
        if self.options.user and f'Proxy-Authorization: Basic {basic}' not in lines:
            await self.say(writer, b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')
            raise Refused
        print('asked for', lines[0].split()[1], flush=True)
        if self.options.do == 'refuse':
            await self.say(writer, b'HTTP/1.1 502 Bad Gateway\r\n\r\n')
            raise Refused
        await self.say(writer, b'HTTP/1.1 200 Connection established\r\nVia: 1.1 gateway\r\n\r\n', last=True)

    async def carry(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection('127.0.0.1', self.options.to)
        self.open.add(far_writer)
        try:
            await asyncio.gather(self.copy(reader, far_writer), self.copy(far_reader, writer))
        finally:
            self.open.discard(far_writer)
            far_writer.close()

    async def copy(self, reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('port', type=int)
parser.add_argument('--host', default='127.0.0.1')
parser.add_argument('--to', type=int, required=True, help='port')
parser.add_argument('--user', default='', help='USER:PASSWORD that clients must show')
parser.add_argument('--do', choices=MODES, default='pass')
asyncio.run(Proxy(parser.parse_args()).serve())
