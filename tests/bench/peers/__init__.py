"""The compared tunnels: one file each. What is special about their configurations is in docs/performance.md."""

from peers.direct import Direct
from peers.haproxy import HaProxy
from peers.relayd import CompressingRelayd, Relayd
from peers.spiped import Spiped
from peers.ssh import Ssh
from peers.starttls import StartTls
from peers.stunnel import Stunnel
from programs import BenchError

ALL = [Direct, Relayd, Ssh, Stunnel, HaProxy, Spiped, StartTls]
__all__ = ["ALL", "CompressingRelayd", "Direct", "HaProxy", "Relayd", "Spiped", "Ssh", "StartTls", "Stunnel", "chosen"]


def chosen(names):
    """All, or those with these names; relayd always, for the others are compared with it."""
    by_name = {peer.__name__.lower(): peer for peer in ALL}
    unknown = [name for name in names or () if name.lower() not in by_name]
    if unknown:
        raise BenchError(f"no peer {unknown[0]}; there are {', '.join(by_name)}")
    wanted = {name.lower() for name in names or by_name} | {"relayd"}
    return [peer for name, peer in by_name.items() if name in wanted]
