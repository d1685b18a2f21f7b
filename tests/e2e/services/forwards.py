"""The servers of birl as services, and where tokyo's programs find them."""
import two_relayds


def start(services):
    """services: name, where it is at birl, where programs find it at tokyo."""
    two_relayds.start(
        "".join(f'[[forward]]\nlisten = ["{listen}"]\nsite = "birl"\nservice = "{name}"\n' for name, _, listen in services),
        "".join(f'[[service]]\nname = "{name}"\nto = "{to}"\nsites = ["tokyo"]\n' for name, to, _ in services))
    for name, _, _ in services:
        if not two_relayds.logs("tokyo", f"forward to {name}: open to programs here"):
            two_relayds.show()
            raise SystemExit(f"the forward to {name} does not open")
