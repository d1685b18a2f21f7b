"""hold_sessions.py HOST PORT COUNT: opens SMTP sessions, greeted and EHLOed, says "ready", holds them until standard
input ends. Ten at a time, so that a slow handshake does not make it slow."""

import concurrent.futures
import resource
import sys

import smtp

count = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 100, max(2 * count + 100, 4096)))
with concurrent.futures.ThreadPoolExecutor(10) as pool:
    sessions = list(pool.map(lambda _: smtp.Session(sys.argv[1], int(sys.argv[2]), 30), range(count)))
print("ready", flush=True)
sys.stdin.read()
