"""The two mail programs beside the hubs: an MTA that answers as the test says, and a client that hands mail over."""
import socket
import threading
from link import PATIENCE, listen


class ScriptedMta:
    """Takes mail on a free port. refuse maps the beginning of a command to the reply that it gets, '.' being the end of
    content; hold_final keeps the reply to the end of content back until let_go is set."""

    def __init__(self):
        self.mails, self.refuse, self.hold_final = [], {}, False
        self.let_go, self.content_read = threading.Event(), threading.Event()
        self.listener = listen()
        self.address = self.listener.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def script(self, refuse=None, hold_final=False):
        self.mails.clear()
        self.let_go.clear()
        self.content_read.clear()
        self.refuse, self.hold_final = refuse or {}, hold_final

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.dialogue, args=(connection,), daemon=True).start()

    def dialogue(self, connection):
        def say(text):
            connection.sendall(text.encode() + b'\r\n')

        recipients, sender = [], None
        with connection, connection.makefile('rb') as lines:
            try:
                say('220 mta.example ready')
                for line in lines:
                    command = line.decode().rstrip('\r\n')
                    refusal = next((r for c, r in self.refuse.items() if command.upper().startswith(c.upper())), None)
                    if command.upper().startswith('EHLO'):
                        say('250-mta.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000')
                    elif refusal:
                        say(refusal)
                    elif command.upper().startswith('MAIL'):
                        sender, recipients = command[5:], []
                        say('250 2.1.0 sender noted')
                    elif command.upper().startswith('RCPT'):
                        recipients.append(command[5:])
                        say('250 2.1.5 recipient noted')
                    elif command.upper() == 'DATA' and recipients:
                        say('354 go ahead')
                        content = b''
                        while not (content == b'.\r\n' or content.endswith(b'\r\n.\r\n')):
                            piece = lines.read1(65536)
                            if not piece:
                                return  # given up
                            content += piece
                        self.content_read.set()
                        if self.hold_final:
                            self.let_go.wait(PATIENCE)
                        if '.' not in self.refuse:
                            self.mails.append((sender, recipients, content[:-3].replace(b'\r\n..', b'\r\n.')))
                        say(self.refuse.get('.', f'250 2.0.0 kept as {len(self.mails)}'))
                    elif command.upper() == 'QUIT':
                        say('221 2.0.0 bye')
                        return
                    else:
                        say('250 2.0.0 ok' if command.upper() in ('RSET', 'NOOP') else '503 5.5.1 not now')
            except OSError:
                pass


class Client:
    """Hands mail over at a unix socket. wait_for waits for a condition and keeps the link going, for the far side is us."""

    def __init__(self, wait_for, path, hello='EHLO tokyo.example'):
        self.wait_for, self.input, self.said = wait_for, bytearray(), []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        self.greeting = self.reply()
        if self.greeting.startswith('220'):
            self.command(hello)

    def take_reply(self):
        try:
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError(f'closed behind {self.said}')
            self.input += piece
        except BlockingIOError:
            pass
        lines = self.input.split(b'\r\n')
        for n, line in enumerate(lines[:-1]):
            if line[3:4] != b'-':
                self.input = bytearray(b'\r\n'.join(lines[n + 1:]))
                return b'\n'.join(lines[:n + 1]).decode()
        return None

    def reply(self):
        self.said.append(self.wait_for(self.take_reply))
        return self.said[-1]

    def send(self, data):
        self.socket.setblocking(True)
        self.socket.sendall(data)
        self.socket.setblocking(False)

    def command(self, line):
        self.send(line.encode() + b'\r\n')
        return self.reply()

    def begin(self, sender, *recipients, content):
        """A mail up to its final dot, the reply to which is not waited for. The replies before it."""
        replies = [self.command(line) for line in
                   [f'MAIL FROM:<{sender}>', *(f'RCPT TO:<{r}>' for r in recipients), 'DATA']]
        if replies[-1].startswith('354'):
            self.send(content + b'.\r\n')
        return replies

    def mail(self, sender, *recipients, content):
        """A whole mail. Its final reply."""
        replies = self.begin(sender, *recipients, content=content)
        return self.reply() if replies[-1].startswith('354') else replies[-1]

    def close(self):
        self.socket.close()
