"""A session of each client with each service, and what the service says of where it comes from."""
import imaplib
import pathlib
import subprocess
import threading

import forwards
import servers
import two_relayds

PLACE = "127.0.8.1"
failures = []


def check(what, holds, said=""):
    print(("ok    " if holds else "FAIL  ") + what, flush=True)
    if not holds:
        failures.append(what)
        print(said, flush=True)


def output_of(*command, text=None, seconds=60):
    try:
        done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, timeout=seconds, check=False)
        return done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        return f"no end within {seconds} s: {late.stdout}{late.stderr}"


def pop3():
    said = output_of("curl", "-sS", f"pop3://{PLACE}/1", "--user", f"{servers.USER}:{servers.PASSWORD}")
    check("curl reads a mail by POP3", "Subject: first" in said and said.count("text ") == 2000, said[:500])
    pathlib.Path("/tmp/fetchmailrc").write_text(
        f'poll {PLACE} protocol pop3 user "{servers.USER}" password "{servers.PASSWORD}" keep fetchall mda "cat >>/tmp/fetched"\n', encoding="ascii")
    pathlib.Path("/tmp/fetchmailrc").chmod(0o600)
    said = output_of("fetchmail", "--nosyslog", "--sslproto", "", "-f", "/tmp/fetchmailrc")
    fetched = pathlib.Path("/tmp/fetched")
    got = fetched.read_text(encoding="ascii") if fetched.exists() else ""
    check("fetchmail fetches all by POP3", all(f"Subject: {subject}" in got for subject in servers.SUBJECTS), said)
    log = (servers.DIR / "dovecot.log").read_text(encoding="utf-8")
    check("dovecot logs tokyo's site address", "rip=127.0.6.2" in log, log[-1000:])


def imap():
    mailbox = imaplib.IMAP4(PLACE, 143, timeout=60)
    mailbox.login(servers.USER, servers.PASSWORD)
    mailbox.select()
    found = mailbox.search(None, "SUBJECT", "second")[1]
    body = mailbox.fetch(found[0], "(RFC822)")[1][0][1]
    check("imaplib searches and fetches", b"Subject: second" in body and body.count(b"text ") == 2000, str(found))
    # dovecot lets a user have ten from one address.
    several = [imaplib.IMAP4(PLACE, 143, timeout=60) for _ in range(8)]
    for one in several:
        one.login(servers.USER, servers.PASSWORD)
        one.select()
    check("eight more sessions at once", all(one.noop()[0] == "OK" for one in several))
    # A mail that arrives is told of in IDLE.
    mailbox.send(b"a1 IDLE\r\n")
    mailbox.readline()
    output_of("su", "anna", "-c", "echo Subject: new > /home/anna/Maildir/new/9.test")
    check("IDLE tells of a new mail", b"EXISTS" in mailbox.readline())
    for one in several:
        one.logout()


def telnet():
    session = subprocess.Popen(["telnet", PLACE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    watchdog = threading.Timer(60, session.kill)
    watchdog.start()
    said = b""

    def await_text(text):
        nonlocal said
        while text not in said:
            more = session.stdout.read1(4096)
            if not more:
                return False
            said += more
        return True

    def say(line):
        session.stdin.write(line.encode() + b"\n")
        session.stdin.flush()

    greeted = await_text(b"login:")
    say(servers.USER)
    asked = greeted and await_text(b"assword:")
    say(servers.PASSWORD)
    prompted = asked and await_text(b"$ ")
    say("echo $((6*7)) is it; exit")
    check("telnet logs in and runs a command", prompted and await_text(b"42 is it"), said.decode(errors="replace"))
    watchdog.cancel()
    session.kill()


def others():
    said = output_of("whois", "-h", PLACE, "birl.example")
    check("whois asks, and gets all of the answer", "You asked for birl.example" in said and said.rstrip().endswith("end"), said[:300])
    said = output_of("redis-cli", "-s", "/tmp/redis-forward.sock", text="SET key value\nGET key\n")
    check("redis-cli through unix sockets at both ends", "value" in said, said)
    ssh = ["ssh", "-i", servers.DIR / "userkey", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"root@{PLACE}"]
    said = output_of(*ssh, "head -c 30000000 /dev/zero | sha256sum")
    here = output_of("sh", "-c", "head -c 30000000 /dev/zero | sha256sum")
    check("ssh runs a command", here.split()[0] in said, said)
    done = subprocess.run([*map(str, ssh), "sha256sum"], input=b"\0" * 30_000_000, capture_output=True, timeout=60, check=False)
    check("ssh sends 30 MB", here.split()[0].encode() in done.stdout, done.stderr.decode())


def dead_service():
    output_of("pkill", "-x", "dovecot")
    two_relayds.logs("tokyo", "forward to pop3: closed to programs here")
    said = output_of("curl", "-sS", f"pop3://{PLACE}/1", "--user", "anna:secret")
    check("a dead service is refused", "onnection refused" in said or "Couldn't connect" in said or "Failed to connect" in said, said)
    status = two_relayds.relayctl("tokyo", "status").stdout
    check("relayctl status says why", "does not answer" in status, status)


def main():
    servers.start()
    forwards.start(servers.SERVICES)
    for session in pop3, imap, telnet, others, dead_service:
        try:
            session()
        except Exception as error:  # each of the others still tells something
            check(session.__name__, False, repr(error))
    if failures:
        two_relayds.show()
        raise SystemExit(f"{len(failures)} failed: " + ", ".join(failures))


if __name__ == "__main__":
    main()
