"""A relayd that has ten sites, each of them another relayd that may dial it."""

import json

from peers.relayd import Relayd
from programs import run, wait_for


class TenSites(Relayd):
    name = "relayd"
    number = 10
    sites = 10

    def prepare(self):
        self._site_programs = []
        hub_pin = self._pin("tokyo")
        link = f'"{self.place.near.address}:{self.link_port}"'
        hub = self._hub("tokyo", listen=link)
        for number in range(self.sites):
            name = f"site{number}"
            hub += self._site("tokyo", name, self._pin(name), f"127.0.6.{number + 2}")
            self.write(f"{name}.toml", self._hub(name)
                       + self._site(name, "tokyo", hub_pin, f"127.0.7.{number + 2}", dial=link))
        self.write("near.toml", hub)

    def launch_sites(self):
        self._site_programs = [self._launch(self.place.far, f"site{number}") for number in range(self.sites)]

    def programs(self):
        return [*super().programs(), *self._site_programs]

    def wait_for_links(self, count):
        wait_for(lambda: self._links() == count, f"{count} links up")

    def _links(self):
        if not (self.work / "tokyo.sock").exists():
            return None
        self.near.check()
        status = json.loads(run([self.build / "relayd/cli/relayctl", "--config", self.work / "near.toml", "status", "--json"]))
        return sum(site["state"] == "up" for site in status["sites"])
