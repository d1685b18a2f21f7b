"""The six FTP clients: each mode of each is a function that takes files to and from a server."""
import dataclasses
import ftplib
import io
import pathlib
import subprocess

from servers import PASSWORD, USER


class Failed(Exception):
    """A session of a client did not do what it should."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a client finds its server."""

    host: str
    port: int

    @property
    def is_v6(self):
        return ":" in self.host

    @property
    def in_url(self):
        return f"[{self.host}]:{self.port}" if self.is_v6 else f"{self.host}:{self.port}"


def run(*command, text=None):
    """Runs a client; returns what it printed. LANG is plain, so that nothing is translated."""
    done = subprocess.run(command, input=text, capture_output=True, encoding="latin-1", timeout=120, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit status {done.returncode}\n{(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def curl(place, work, *options):
    url = f"ftp://{USER}:{PASSWORD}@{place.in_url}/"
    common = ["curl", "--silent", "--show-error", *options]
    run(*common, "--upload-file", str(work / "up"), url + "up")
    run(*common, "--output", str(work / "down"), url + "down")
    return run(*common, url)


def lftp(place, work, *settings):
    lines = ["set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 60", *(f"set {one}" for one in settings),
             f"open -u {USER},{PASSWORD} -p {place.port} ftp://{'[' + place.host + ']' if place.is_v6 else place.host}",
             f"put {work}/up -o up", f"get down -o {work}/down", "ls"]
    return run("lftp", "-c", "; ".join(lines))


def ncftp(place, work, option):
    common = ["-u", USER, "-p", PASSWORD, "-P", str(place.port), option]
    run("ncftpput", "-V", *common, place.host, ".", str(work / "up"))
    run("ncftpget", "-V", *common, place.host, str(work), "down")
    return run("ncftpls", *common, "-l", f"ftp://{place.host}/")


def tnftp(place, work, *options):
    script = f"user {USER} {PASSWORD}\nbinary\nput {work}/up up\nget down {work}/down\nls\nquit\n"
    return run("tnftp", "-n", "-v", "-i", *options, place.host, str(place.port), text=script)


def wget(place, work, *options):
    """Only downloads."""
    url = f"ftp://{USER}:{PASSWORD}@{place.in_url}/"
    common = ["wget", "--quiet", "--tries=1", "--no-remove-listing", *options]
    run(*common, f"--output-document={work}/down", url + "down")
    run(*common, f"--directory-prefix={work}", f"--output-document={work}/index", url)
    return (work / "index").read_text(encoding="latin-1")


def python(place, work, passive):
    with ftplib.FTP(timeout=60) as ftp:
        ftp.connect(place.host, place.port)
        ftp.login(USER, PASSWORD)
        ftp.set_pasv(passive)
        with open(work / "up", "rb") as file:
            ftp.storbinary("STOR up", file)
        with open(work / "down", "wb") as file:
            ftp.retrbinary("RETR down", file.write)
        lines = []
        ftp.retrlines("LIST", lines.append)
        return "\n".join(lines)


# Name, whether IPv6 is possible, whether IPv4 is, whether it uploads, the function.
SESSIONS = [
    ("curl EPSV", True, True, True, lambda place, work: curl(place, work)),
    ("curl PASV", False, True, True, lambda place, work: curl(place, work, "--disable-epsv")),
    ("curl EPRT", True, True, True, lambda place, work: curl(place, work, "--ftp-port", "-")),
    ("curl PORT", False, True, True, lambda place, work: curl(place, work, "--ftp-port", "-", "--disable-eprt")),
    ("lftp passive", True, True, True, lambda place, work: lftp(place, work, "ftp:passive-mode yes")),
    ("lftp EPSV", False, True, True, lambda place, work: lftp(place, work, "ftp:passive-mode yes", "ftp:prefer-epsv yes")),
    ("lftp active", True, True, True, lambda place, work: lftp(place, work, "ftp:passive-mode no")),
    ("lftp ahead", True, True, True, lambda place, work: lftp(place, work, "ftp:passive-mode yes", "ftp:sync-mode no")),
    ("ncftp passive", False, True, True, lambda place, work: ncftp(place, work, "-F")),
    ("ncftp active", False, True, True, lambda place, work: ncftp(place, work, "-E")),
    ("tnftp passive", True, True, True, lambda place, work: tnftp(place, work, "-p")),
    ("tnftp active", True, True, True, lambda place, work: tnftp(place, work, "-A")),
    ("ftplib passive", True, True, True, lambda place, work: python(place, work, True)),
    ("ftplib active", True, True, True, lambda place, work: python(place, work, False)),
    ("wget passive", True, True, False, lambda place, work: wget(place, work)),
    ("wget active", True, True, False, lambda place, work: wget(place, work, "--no-passive-ftp")),
]


def sessions(is_v6):
    return [(name, uploads, session) for name, v6, v4, uploads, session in SESSIONS if (v6 if is_v6 else v4)]
