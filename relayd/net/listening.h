// Binding listening sockets, TCP and unix, with errors that name the address and what to do.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

/// How long an acceptor rests after an error, e.g. when descriptors have run out.
inline constexpr std::chrono::milliseconds kAcceptPause{200};

/// Binds and listens. The host must be an address, not a name; "[::]" takes IPv4 too, and where there is no
/// IPv6 it becomes 0.0.0.0.
[[nodiscard]] base::Result<void> listen_tcp(boost::asio::ip::tcp::acceptor& acceptor,
                                            const base::HostPort& address);

/// Binds and listens with the given mode. A socket file left behind by a dead process is replaced, a live one
/// is an error.
[[nodiscard]] base::Result<void> listen_unix(boost::asio::local::stream_protocol::acceptor& acceptor,
                                             const std::string& path, unsigned mode);

}  // namespace tsmtp::net
