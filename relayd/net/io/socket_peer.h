// What the kernel knows of the other end of a connection within this machine (sock_diag(7), unix(7)): whose
// it is, for endpoints that only some users may use, and whether it has read what we wrote.
#pragma once

#include <sys/types.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

/// The user whose socket is at the other end of `socket`, an accepted one. The error says why that cannot be
/// known: it is not a connection within this machine, or the other end is gone already.
[[nodiscard]] base::Result<uid_t> user_of_peer(boost::asio::generic::stream_protocol::socket& socket);

/// Who is at the other end, for those who must be fair to all: "user 1000" within this machine, else
/// network_of_peer(). "gone" where it is.
[[nodiscard]] std::string source_of(boost::asio::generic::stream_protocol::socket& socket);

/// Where the other end is: its IPv4 address, or the first 64 bits of its IPv6 address, as text. Empty for a
/// unix socket, and when it is gone.
[[nodiscard]] std::string network_of_peer(boost::asio::generic::stream_protocol::socket& socket);

/// "127.0.0.1:40322", "[::1]:40322"; empty for a unix socket, and when it is gone.
[[nodiscard]] std::string address_of_peer(boost::asio::generic::stream_protocol::socket& socket);

/// Whether a program on this machine listens at that address, numeric, as the kernel knows. False also where
/// it does not know.
[[nodiscard]] bool somebody_listens(const base::HostPort& address);

/// Whether the program at the other end has provably taken all that was written. Where the other end is on
/// another machine, whether its kernel has. False whenever the kernel cannot be asked: no proof is no yes.
[[nodiscard]] bool peer_has_read_all(boost::asio::generic::stream_protocol::socket& socket);

}  // namespace tsmtp::net
