// Binding listening sockets, TCP and unix, with errors that name the address and what to do.
#pragma once

#include <sys/types.h>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <optional>

#include "relayd/base/descriptor.h"
#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/io/with_rights_of.h"

namespace tsmtp::net {

/// How long an acceptor rests after an error, e.g. when descriptors have run out.
inline constexpr std::chrono::milliseconds kAcceptPause{200};

/// Binds and listens. The host must be an address, not a name; "[::]" takes IPv4 too, and where there is no
/// IPv6 it becomes 0.0.0.0.
[[nodiscard]] base::Result<base::Descriptor> listen_tcp(const base::HostPort& address);
[[nodiscard]] base::Result<void> listen_tcp(boost::asio::ip::tcp::acceptor& acceptor,
                                            const base::HostPort& address);

/// Gives a listening TCP socket to `acceptor`.
[[nodiscard]] base::Result<void> adopt(boost::asio::ip::tcp::acceptor& acceptor, base::Descriptor socket);

/// Likewise a unix one.
[[nodiscard]] base::Result<void> adopt(boost::asio::local::stream_protocol::acceptor& acceptor,
                                       base::Descriptor socket);

/// Where a TCP socket listens, as HostPort::to_string() says it; empty if it is no such socket.
[[nodiscard]] std::string listening_address(int socket);

/// Who may connect to a unix socket.
struct SocketAccess {
  unsigned mode = 0660;
  std::optional<gid_t> group;       ///< of the socket file; unset: ours
  std::optional<Owner> owner = {};  ///< whose the socket file is to be, if we are root; unset: ours

  friend bool operator==(const SocketAccess&, const SocketAccess&) = default;
};

/// Binds and listens. A socket file left behind by a dead process is replaced, a live one is an error. As
/// root it is made with the owner's rights, so that nothing the owner puts in its way can be mistaken for it.
[[nodiscard]] base::Result<void> listen_unix(boost::asio::local::stream_protocol::acceptor& acceptor,
                                             const std::string& path, const SocketAccess& access);

/// The same for datagrams that keep their order and end with the connection (SOCK_SEQPACKET), for our own
/// user only.
[[nodiscard]] base::Result<base::Descriptor> listen_for_datagrams(const std::string& path);

/// Gives a bound unix socket another mode and group. Follows no link.
[[nodiscard]] base::Result<void> set_access(const std::string& path, const SocketAccess& access);

}  // namespace tsmtp::net
