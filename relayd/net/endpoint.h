// A TCP port or unix socket that lets clients in: the endpoint where our MTA hands mail over for one site,
// and also the control socket and the metrics page. Only accepts.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/byte_channel.h"
#include "relayd/net/listening.h"

namespace tsmtp::net {

class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  using Accepted = std::function<void(ByteChannel::Socket)>;

  explicit Endpoint(const boost::asio::any_io_executor& executor);

  /// Binds; the error names the address. `access`: of a unix socket.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address, const SocketAccess& access);
  /// Instead of bind(): `socket` listens on `address`, a TCP one, already.
  [[nodiscard]] base::Result<void> take_over(const base::HostPort& address, base::Descriptor socket);
  /// Lets others in than before. Without effect on TCP.
  [[nodiscard]] base::Result<void> change(const SocketAccess& access);
  /// Calls `accepted` for each client until stop(), or until started again for somebody else.
  void start(Accepted accepted);
  void stop();

  [[nodiscard]] const base::HostPort& address() const { return address_; }
  /// Of a TCP endpoint that listens.
  [[nodiscard]] int descriptor() { return tcp_.native_handle(); }

 private:
  template <typename Acceptor>
  void accept(Acceptor& acceptor);

  base::HostPort address_;
  Accepted accepted_;
  boost::asio::ip::tcp::acceptor tcp_;
  boost::asio::local::stream_protocol::acceptor unix_;
  boost::asio::steady_timer pause_;
  bool started_ = false;
};

}  // namespace tsmtp::net
