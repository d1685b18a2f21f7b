#!/usr/bin/env python3
"""The examples of contrib/consent: the two halves of the desktop's, with a zenity of ours, and the terminal's, with a relayctl of ours.

usage: consent_examples_test.py ROOT
"""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

EXAMPLES = pathlib.Path(sys.argv.pop(1)) / "contrib/consent"
PATIENCE = 60
QUESTION = {"TSMTP_ID": "7", "TSMTP_SITE": "tokyo", "TSMTP_SERVICE": "display", "TSMTP_PROTOCOL": "x11", "TSMTP_USER": "<b>eve</b>",
            "TSMTP_TIME": "2026-03-01T12:03:04Z"}


def program(path, lines):
    path.write_text("#!/bin/sh\n" + lines + "\n")
    path.chmod(0o755)


class Examples(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
        self.environment = {**os.environ, "PATH": f"{self.place}:{os.environ['PATH']}"}

    def listen(self):
        """As tsmtp-consent.socket does."""
        path = str(self.place / "ask.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.dialogs = []

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection:
                    self.dialogs.append(subprocess.Popen([EXAMPLES / "tsmtp-consent-dialog"], stdin=connection, stdout=connection,
                                                         env=self.environment))

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(lambda: [dialog.wait(PATIENCE) for dialog in self.dialogs])
        self.addCleanup(listener.close)
        self.addCleanup(thread.join)
        self.addCleanup(lambda: listener.shutdown(socket.SHUT_RDWR))
        return path

    def ask(self, path):
        return subprocess.Popen([EXAMPLES / "tsmtp-ask-desktop", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env={"PATH": self.environment["PATH"], **QUESTION})

    def answer(self, path):
        asking = self.ask(path)
        said = asking.communicate(timeout=PATIENCE)[1]
        return asking.returncode, said

    def test_yes_of_the_dialog_is_the_exit_status(self):
        program(self.place / "zenity", f'printf "%s\\n" "$@" >{self.place}/asked; exit 0')
        self.assertEqual(self.answer(self.listen()), (0, ""))
        asked = (self.place / "asked").read_text()
        self.assertIn("A program at tokyo wants to use display (x11) here.", asked)
        self.assertIn("User: beve/b", asked)  # no markup
        self.assertIn("--no-markup", asked)
        self.assertEqual(self.dialogs[0].wait(PATIENCE), 0)

    def test_no_cancel_and_a_dialog_that_breaks_are_a_no(self):
        path = self.listen()
        for ending in ("exit 1", "exit 5", "kill -9 $$"):
            program(self.place / "zenity", ending)
            self.assertEqual(self.answer(path)[0], 1, ending)

    def test_nobody_there_is_a_no_with_its_reason(self):
        status, said = self.answer(str(self.place / "nowhere"))
        self.assertEqual(status, 1)
        self.assertIn("nobody is there to ask", said)

    def test_dialog_goes_when_relayd_has_its_answer_from_elsewhere(self):
        program(self.place / "zenity", f'mkfifo {self.place}/hangs 2>/dev/null; exec cat {self.place}/hangs')
        os.mkfifo(self.place / "hangs")
        asking = self.ask(self.listen())
        with open(self.place / "hangs", "w", encoding="ascii"):  # opens when the dialog is there
            asking.terminate()
            asking.communicate(timeout=PATIENCE)
            self.assertEqual(self.dialogs[0].wait(PATIENCE), 0)

    def test_terminal_passes_each_answer_on(self):
        log = self.place / "log"
        log.touch()
        program(self.place / "relayctl", f"""
          test "$1" = --config && shift 2
          if test "$1" != approvals; then echo "$@" >>{log}; exit 0; fi
          test $(wc -l <{log}) = 3 && exit 69
          echo 'ID  site   service  user or client  state'
          echo "$(($(wc -l <{log}) + 7))   tokyo  display  alice           waits since 12:02:52, 48 s left"
          echo '5   tokyo  imap     all             approved until 12:13:04 (10 min 0 s left) by root via relayctl'""")
        done = subprocess.run([EXAMPLES / "tsmtp-consent-terminal", "--config", "x.toml"], input="y\n10m\nn\n", text=True, timeout=PATIENCE,
                              env=self.environment, stdout=subprocess.PIPE, check=False)
        self.assertEqual(log.read_text().splitlines(), ["approve 7", "approve --for 10m 8", "deny 9"])
        self.assertIn("tokyo  display  alice", done.stdout)
        self.assertEqual(done.returncode, 0)


unittest.main()
