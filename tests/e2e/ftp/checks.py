"""What relayd does for and to an FTP session beside carrying it, with each of the servers."""
import ftplib
import hashlib
import io
import socket

import hubs
import servers
import two_relayds
from clients import Failed, Place


def must(holds, what):
    if not holds:
        raise Failed(what)


def session(place):
    ftp = ftplib.FTP(timeout=60)
    ftp.connect(place.host, place.port)
    ftp.login(servers.USER, servers.PASSWORD)
    return ftp


def reply_to(ftp, command):
    """A reply, whether it is a refusal or not."""
    try:
        return ftp.sendcmd(command)
    except ftplib.Error as refusal:
        return str(refusal)


def refuses_what_it_is_told_to(server, place):
    with session(hubs.place_of(f"{server}-reading")) as ftp:
        must(reply_to(ftp, "stor x") == "550 STOR is refused here by policy", "STOR was not refused")
        must(reply_to(ftp, "DELE down").startswith("550 DELE is refused"), "DELE was not refused")
        try:
            ftp.storbinary("STOR x", io.BytesIO(b"x"))
        except ftplib.error_perm:
            pass
        must(not (servers.HOME / "x").exists(), "a refused STOR left a file")
        must(ftp.retrbinary("RETR down", lambda _: None).startswith("226"), "RETR does not work any more")
    must(two_relayds.logs("birl", "STOR is refused by ftp_refuse"), "the refusal is in no log")


def refuses_bounces(server, place):
    with session(place) as ftp, socket.create_server(("127.0.0.77", 0)) as other:
        port = other.getsockname()[1]
        must(reply_to(ftp, f"PORT 127,0,0,77,{port >> 8},{port & 255}").startswith("501 PORT may name your own address alone"),
             "a PORT to somebody else was not refused")
        must(reply_to(ftp, f"EPRT |1|127.0.0.77|{port}|").startswith("501 "), "an EPRT to somebody else was not refused")
        must(reply_to(ftp, "PORT 127,0,0,1,0,25").startswith("501 "), "a privileged port was not refused")
        must(reply_to(ftp, "LIST")[0] in "45", "a LIST had somewhere to go")
        other.settimeout(0.2)
        try:
            other.accept()
        except TimeoutError:
            pass
        else:
            raise Failed("somebody else was connected to")
    must(two_relayds.logs("tokyo", "the client named another host"), "the bounce is in no log")


def refuses_tls(server, place):
    with session(place) as ftp:
        must(reply_to(ftp, "AUTH TLS").startswith("534 TLS is refused here by policy"), "AUTH TLS was not refused")
        features = reply_to(ftp, "FEAT")
        must("EPSV" in features and "AUTH" not in features and "PROT" not in features, f"FEAT offers too much or too little: {features}")


def resumes(server, place):
    whole = (servers.HOME / "down").read_bytes()
    with session(place) as ftp:
        parts = [whole[:1000]]
        ftp.retrbinary("RETR down", parts.append, rest=1000)
        must(hashlib.sha256(b"".join(parts)).digest() == hashlib.sha256(whole).digest(), "REST and RETR do not give the rest")


def aborts(server, place):
    """A client that stops in the midst can go on with the session."""
    (servers.HOME / "huge").write_bytes(bytes(64 << 20))
    with session(place) as ftp:
        ftp.voidcmd("TYPE I")
        data = ftp.transfercmd("RETR huge")
        data.recv(1000)
        ftp.sock.sendall(b"\xff\xf4")
        ftp.sock.sendall(b"\xff\xf2ABOR\r\n")
        data.close()
        # A server has one reply to both, or one to each.
        ftp.putcmd("NOOP")
        while not ftp.getmultiline().startswith("200"):
            pass
        must(reply_to(ftp, "PWD").startswith("257"), "the session does not go on")
        names = ftp.nlst()
        must("down" in names, "data connections do not go on")
    (servers.HOME / "huge").unlink()


def records_transfers(server, place):
    with session(place) as ftp:
        ftp.storbinary("STOR record", io.BytesIO(bytes(1234)))
    must(two_relayds.audits("birl", service=f"{server}-IPv4", command="STOR", name="record", bytes=1234, end="226"), "the transfer is in no record")


def carries_many_small_files(server, place):
    """Many small transfers in one session, each with a data connection of its own."""
    with session(place) as ftp:
        for number in range(50):
            ftp.set_pasv(number % 2 == 0)
            ftp.storbinary(f"STOR many{number % 5}", io.BytesIO(bytes([number]) * number * 100))
            must((servers.HOME / f"many{number % 5}").read_bytes() == bytes([number]) * number * 100, "a small file is not what was sent")


def stays_while_data_goes_slowly(server, place):
    """The control connection says nothing for longer than idle_timeout."""
    parts = []
    with session(hubs.place_of(f"{server}-slow")) as ftp:
        must(ftp.retrbinary("RETR down", parts.append).startswith("226"), "the transfer did not end well")
        must(ftp.voidcmd("NOOP").startswith("200"), "the session does not go on")
    must(b"".join(parts) == (servers.HOME / "down").read_bytes(), "what was fetched is not what is there")


ALL = [refuses_what_it_is_told_to, refuses_bounces, refuses_tls, resumes, aborts, records_transfers, stays_while_data_goes_slowly, carries_many_small_files]


def checks(server):
    """Name and function of each, with a place of the server by IPv4."""
    place = next(place for name, place in hubs.places(server) if name == f"{server} by IPv4, over IPv4")
    assert isinstance(place, Place)
    for check in ALL:
        yield f"{check.__name__}: {server}", lambda check=check: check(server, place)
