"""A real relayd on loopback, with a configuration of its own. Its identity is made by relayctl init."""
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from identity import Identity
from link import PATIENCE


class Hub:
    def __init__(self, program, deliver):
        """deliver: address of the MTA that gets what comes through the link."""
        self.program = Path(program)
        self.directory = tempfile.TemporaryDirectory(prefix='tsmtp-protocol-')
        self.path = Path(self.directory.name)
        self.deliver, self.sites, self.process = deliver, [], None
        # Bound to the end and never listening, so that nobody else gets the port; with SO_REUSEADDR relayd can listen there.
        self.reserved = socket.socket()
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.reserved.bind(('127.0.0.1', 0))
        self.address = self.reserved.getsockname()
        self.write()
        self.relayctl('init')
        self.identity = Identity(self.path / 'identity.pem')

    def site(self, name, identity, dial=None, **more):
        """A site of that key. dial: the address where relayd dials it; else it dials relayd."""
        lines = [f'{key} = {json.dumps(value)}' for key, value in dict(
            name=name, pin=[identity.pin_text], dial=['%s:%d' % dial] if dial else [], deliver='%s:%d' % self.deliver,
            endpoint=[f'unix:{self.endpoint(name)}'], domains=['tokyo.example'], local=['birl.example'],
            dial_interval='1s', **more).items()]
        self.sites.append('\n'.join(['[[site]]', *lines]))

    def endpoint(self, name):
        return self.path / f'{name}.sock'

    def write(self):
        (self.path / 'relayd.toml').write_text('\n'.join([
            '[hub]', 'name = "birl"', f'identity = "{self.path}/identity.pem"', 'listen = ["%s:%d"]' % self.address,
            f'state_dir = "{self.path}/state"', f'control = "{self.path}/control.sock"', 'drain_timeout = "1s"', *self.sites,
            '']))

    def change(self, new_texts):
        """Edits relayd.toml, all at once: each old text becomes its new one. Then relayd reloads it."""
        text = (self.path / 'relayd.toml').read_text()
        text, times = re.subn('|'.join(map(re.escape, new_texts)), lambda old: new_texts[old[0]], text)
        assert times == len(new_texts)
        (self.path / 'relayd.toml').write_text(text)
        self.relayctl('reload')

    def restore(self):
        self.write()
        self.relayctl('reload')

    def relayctl(self, *arguments):
        return subprocess.run([self.program.with_name('relayctl'), '--config', self.path / 'relayd.toml', *arguments],
                              check=True, capture_output=True, text=True).stdout

    def status(self):
        return json.loads(self.relayctl('status', '--json'))

    def start(self):
        self.write()
        (self.path / 'state').mkdir(mode=0o700, exist_ok=True)
        with open(self.path / 'log', 'ab') as log:
            self.process = subprocess.Popen([self.program, '--foreground', '--config', self.path / 'relayd.toml'], stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(self.path / 'control.sock'):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log())
            time.sleep(0.01)

    def restart(self):
        """Killed and started again."""
        self.process.kill()
        self.process.wait()
        (self.path / 'control.sock').unlink()
        self.start()

    def log(self):
        return (self.path / 'log').read_text()

    def wait_for_log(self, matches, since=0):
        """Waits until what was logged from an offset on satisfies a predicate, and returns it."""
        deadline = time.monotonic() + PATIENCE
        while not matches(text := self.log()[since:]):
            if time.monotonic() > deadline:
                raise TimeoutError(f'the log has only\n{text}')
            time.sleep(0.01)
        return text

    def stop(self):
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.directory.cleanup()
        return status
