// A TCP port or unix socket that lets clients in: the endpoint where our MTA hands mail over for one site,
// and also the control socket and the metrics page. Only accepts.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/io/accept_loop.h"
#include "relayd/net/io/byte_channel.h"
#include "relayd/net/io/listening.h"

namespace tsmtp::net {

class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  using Accepted = AcceptedSocket<ByteChannel::Socket>;

  /// `shortages` is told when clients cannot be accepted; may be null, is borrowed and outlives it.
  explicit Endpoint(const boost::asio::any_io_executor& executor, Shortages* shortages = nullptr);

  /// Binds; the error names the address. `access`: of a unix socket.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address, const SocketAccess& access);
  /// Instead of bind(): `socket` listens on `address` already.
  [[nodiscard]] base::Result<void> take_over(const base::HostPort& address, base::Descriptor socket);
  /// Lets others in than before. Without effect on TCP.
  [[nodiscard]] base::Result<void> change(const SocketAccess& access);
  /// Calls `accepted` for each client until stop(), or until started again for somebody else.
  void start(Accepted accepted);
  void stop();
  /// Clients wait until resume(): another relayd of this hub may have the socket, and accepts them. What is
  /// there of a unix socket then is that one's too, and stays when this one stops.
  void suspend();
  void resume();

  [[nodiscard]] const base::HostPort& address() const { return address_; }
  /// Of one that listens.
  [[nodiscard]] int descriptor() {
    return address_.is_unix() ? unix_.acceptor().native_handle() : tcp_.acceptor().native_handle();
  }

  // For AcceptLoop.
  [[nodiscard]] bool is_accepting() const { return accepted_ != nullptr; }
  [[nodiscard]] Shortages* shortages() const { return shortages_; }

 private:
  base::HostPort address_;
  Accepted accepted_;
  Shortages* shortages_;
  AcceptLoop<boost::asio::ip::tcp::acceptor, Endpoint> tcp_;
  AcceptLoop<boost::asio::local::stream_protocol::acceptor, Endpoint> unix_;
  bool started_ = false;
  bool is_suspended_ = false;
};

}  // namespace tsmtp::net
