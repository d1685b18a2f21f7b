// What we set on sockets, and how their ends are written in logs.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// Non-blocking, TCP_NODELAY. Failures are harmless and ignored.
void set_link_options(boost::asio::ip::tcp::socket& socket);

/// Whether the kernel lets us use this congestion control ("bbr"). The error says what is missing, and what
/// to do about it.
[[nodiscard]] base::Result<void> check_congestion(const std::string& algorithm);

/// False where it cannot be used; the socket keeps what it had.
bool set_congestion(boost::asio::ip::tcp::socket& socket, const std::string& algorithm);

/// The name of what a socket uses; empty when it is not known.
[[nodiscard]] std::string congestion_of(const boost::asio::ip::tcp::socket& socket);

/// Non-blocking, and TCP_NODELAY where it is TCP.
void set_mta_options(boost::asio::generic::stream_protocol::socket& socket);

/// Acknowledges what was just read at once. A client that writes content and its final dot apart (Nagle)
/// would else wait 40 ms for our delayed acknowledgement. Does not last: call it after each read.
void acknowledge_now(boost::asio::generic::stream_protocol::socket& socket);

/// "192.0.2.1:40322", "[2001:db8::1]:40322"; "unknown" when it is not connected.
[[nodiscard]] std::string peer_name(const boost::asio::ip::tcp::socket& socket);

}  // namespace tsmtp::net
