#include "relayd/net/io/host_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;

std::optional<asio::ip::address> host_in(const asio::generic::stream_protocol::endpoint& endpoint) {
  asio::ip::tcp::endpoint tcp;
  const int family = endpoint.protocol().family();
  if ((family != AF_INET && family != AF_INET6) || endpoint.size() > tcp.capacity()) return std::nullopt;
  tcp = family == AF_INET ? asio::ip::tcp::endpoint(asio::ip::tcp::v4(), 0)
                          : asio::ip::tcp::endpoint(asio::ip::tcp::v6(), 0);
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  return unmapped(tcp.address());
}

}  // namespace

asio::ip::address unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

std::optional<HostsOfConnection> hosts_of(const asio::generic::stream_protocol::socket& socket) {
  boost::system::error_code no_own;
  boost::system::error_code no_peer;
  const auto own = socket.local_endpoint(no_own);
  const auto peer = socket.remote_endpoint(no_peer);
  if (no_own || no_peer) return std::nullopt;
  const auto own_host = host_in(own);
  const auto peer_host = host_in(peer);
  if (!own_host || !peer_host) return std::nullopt;
  return HostsOfConnection{.own = *own_host, .peer = *peer_host};
}

}  // namespace tsmtp::net
