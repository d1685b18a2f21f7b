#!/usr/bin/env python3
"""`cmake --install` puts every file into its place, with the paths of its own prefix, keeps relayd.toml that is there, and `uninstall` takes away
what it has put, and nothing else.

usage: check_install.py BUILD        of a build that has the programs
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1])
EVERYWHERE = """sbin/relayd sbin/relayctl sbin/mailertable sbin/tsmtp-sendmail sbin/tsmtp-routes share/man/man8/tsmtp-routes.8 share/man/man8/relayd.8 share/man/man8/tsmtp-sendmail.8 share/man/man5/relayd.toml.5
  share/bash-completion/completions/relayctl share/zsh/site-functions/_tsmtp share/tsmtp/GNUmakefile libexec/tsmtp/tsmtp-link-up
  /etc/logrotate.d/tsmtp /etc/tsmtp/relayd.toml /usr/share/sendmail/cf/mailer/tsmtp.m4""".split()
OF_INIT = {
    "systemd": """lib/systemd/system/relayd.service lib/systemd/system/tsmtp-endpoints.service lib/systemd/system/tsmtp-routes.service lib/systemd/system/tsmtp-link-up.service
      lib/systemd/system/tsmtp-sendmail.path lib/systemd/system/tsmtp-sendmail.service
      lib/systemd/system/tsmtp-sendmail.timer
      lib/sysusers.d/tsmtp.conf lib/tmpfiles.d/tsmtp.conf""".split(),
    "openrc": ["/etc/init.d/relayd", "/etc/init.d/tsmtp-endpoints", "/etc/init.d/tsmtp-routes", "/etc/cron.d/tsmtp-sendmail"],
    "sysvinit": ["/etc/init.d/relayd", "/etc/init.d/tsmtp-endpoints", "/etc/init.d/tsmtp-routes", "/etc/cron.d/tsmtp-sendmail"],
}


def run(*command, **environment):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def check(scratch, init, prefix):
    """What is wrong, as text; empty if nothing is."""
    tree = scratch / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "etc/tsmtp").mkdir(parents=True)
    own = tree / "etc/tsmtp/relayd.toml"
    own.write_text("# mine\n")
    # Another build directory, which has the programs but nothing that was asked about another init.
    build = scratch / ("build-" + init)
    script = f"""
      cmake_minimum_required(VERSION 3.25)
      project(installed LANGUAGES NONE)
      set(TSMTP_INIT {init})
      set(TSMTP_LDAP ON)
      include({SOURCE}/cmake/Install.cmake)
      install(PROGRAMS {BUILD}/relayd/cli/relayd {BUILD}/relayd/cli/relayctl {BUILD}/mailertable/mailertable
        {BUILD}/mailertable/tsmtp-routes {BUILD}/sendmail/tsmtp-sendmail DESTINATION ${{CMAKE_INSTALL_SBINDIR}})
    """
    project = scratch / ("project-" + init)
    project.mkdir(exist_ok=True)
    (project / "CMakeLists.txt").write_text(script)
    for name in ("cmake", "contrib", "docs", "m4"):
        if not (project / name).exists():
            (project / name).symlink_to(SOURCE / name)
    run("cmake", "-G", "Ninja", "-S", project, "-B", build)
    run("cmake", "--install", build, "--prefix", prefix, DESTDIR=str(tree))
    wrong = []
    for name in EVERYWHERE + OF_INIT[init]:
        path = tree / (name if name.startswith("/") else f"{prefix}/{name}").lstrip("/")
        if not path.exists():
            wrong.append(f"{init}: {path.relative_to(tree)} is not there")
        elif path.suffix == ".service" or path.parent.name in ("init.d", "cron.d"):
            if f"{prefix}/" not in path.read_text():
                wrong.append(f"{init}: {path.relative_to(tree)} does not name {prefix}")
            if prefix != "/usr" and ("/usr/sbin/relay" in path.read_text() or "/usr/libexec/tsmtp" in path.read_text()):
                wrong.append(f"{init}: {path.relative_to(tree)} names programs of another prefix")
    if own.read_text() != "# mine\n":
        wrong.append(f"{init}: relayd.toml was overwritten")
    (tree / "etc/init.d").mkdir(exist_ok=True)
    (tree / "etc/init.d/another").write_text("")
    run("cmake", "--build", build, "--target", "uninstall", DESTDIR=str(tree))
    left = files(tree) - {"etc/tsmtp/relayd.toml", "etc/init.d/another"}
    if left:
        wrong.append(f"{init}: uninstall has left {sorted(left)}")
    if not own.exists() or not (tree / "etc/init.d/another").exists():
        wrong.append(f"{init}: uninstall has removed what is not its own")
    return wrong


SOURCE = pathlib.Path(__file__).resolve().parents[2]
with tempfile.TemporaryDirectory() as scratch:
    found = [one for init, prefix in (("systemd", "/usr"), ("openrc", "/usr/local"), ("sysvinit", "/opt/tsmtp"))
             for one in check(pathlib.Path(scratch), init, prefix)]
print("\n".join(found))
sys.exit(1 if found else 0)
