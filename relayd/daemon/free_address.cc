#include "relayd/daemon/free_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <sstream>

#include "relayd/base/descriptor.h"

namespace tsmtp::daemon {
namespace {

constexpr std::uint16_t kEndpointPort = 5000;

bool can_be_listened_on(const std::string& address) {
  const base::Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kEndpointPort);
  if (inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) return false;
  const int yes = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  return probe.is_open() && bind(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
         listen(probe.get(), 1) == 0;
}

}  // namespace

std::set<std::string> addresses_in_use(const settings::Config& config, const std::string& hosts) {
  std::set<std::string> in_use;
  for (const base::HostPort& address : config.hub.listen)
    in_use.insert(address.host);
  if (config.hub.metrics) in_use.insert(config.hub.metrics->host);
  for (const settings::Site& site : config.sites) {
    in_use.insert(site.address);
    in_use.insert(site.deliver.host);
    for (const base::HostPort& endpoint : site.endpoints)
      in_use.insert(endpoint.host);
  }
  std::istringstream lines(hosts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string address;
    if (words >> address && !address.starts_with('#')) in_use.insert(address);
  }
  return in_use;
}

std::optional<std::string> free_address(const std::set<std::string>& in_use) {
  for (int third = 5; third < 16; ++third)
    for (int fourth = 2; fourth < 255; ++fourth) {
      const std::string address = "127.0." + std::to_string(third) + '.' + std::to_string(fourth);
      if (!in_use.contains(address) && can_be_listened_on(address)) return address;
    }
  return std::nullopt;
}

}  // namespace tsmtp::daemon
