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

/// A socket that async_connect() has connected, as Asio sees one for the first time. Otherwise Asio goes on
/// to watch for room to write what once waited to be connected: each wait for something to read would end at
/// once for nothing, and begin anew. Closed if that fails.
template <typename Socket>
[[nodiscard]] Socket watched_anew(Socket socket) {
  Socket fresh(socket.get_executor());
  boost::system::error_code error;
  const auto protocol = socket.local_endpoint(error).protocol();
  if (error) return fresh;
  const auto handle = socket.release(error);
  if (!error) fresh.assign(protocol, handle, error);
  return fresh;
}

/// Non-blocking, and TCP_NODELAY where it is TCP.
void set_mta_options(boost::asio::generic::stream_protocol::socket& socket);

/// For a connection that may be of any protocol and last for days: urgent data stays in its place among the
/// rest, and an end that is gone without a word is noticed within minutes.
void set_forward_options(boost::asio::generic::stream_protocol::socket& socket);

/// Acknowledges what was just read at once. A client that writes content and its final dot apart (Nagle)
/// would else wait 40 ms for our delayed acknowledgement. Does not last: call it after each read.
void acknowledge_now(boost::asio::generic::stream_protocol::socket& socket);

/// "192.0.2.1:40322", "[2001:db8::1]:40322"; "unknown" when it is not connected.
[[nodiscard]] std::string peer_name(const boost::asio::ip::tcp::socket& socket);

}  // namespace tsmtp::net
