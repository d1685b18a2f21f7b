// Addresses of hosts, as the kernel gives them and as they are compared.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

namespace tsmtp::net {

/// An IPv4 address that stands in an IPv6 one, as on a socket that is open to both, by itself.
[[nodiscard]] boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

/// The two hosts of a TCP connection, unmapped; nothing of another connection, or of one that is gone.
struct HostsOfConnection {
  boost::asio::ip::address own;
  boost::asio::ip::address peer;
};
[[nodiscard]] std::optional<HostsOfConnection> hosts_of(
    const boost::asio::generic::stream_protocol::socket& socket);

}  // namespace tsmtp::net
