// One request, one reply, then the connection closes: the control socket and the metrics page. What a request
// is, and what it deserves, the handler knows. Few clients at a time, each within a deadline and a bound.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

class RequestServer : public std::enable_shared_from_this<RequestServer> {
 public:
  /// Given all that was received so far; returns the whole reply, or nothing while the request is not
  /// complete.
  using Handler = std::function<std::optional<std::string>(std::string_view received)>;

  RequestServer(const boost::asio::any_io_executor& executor, Handler handler);

  /// A unix socket gets mode 0600: it is for this relayd's user and root.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address);
  void start();
  void stop();

 private:
  template <typename Acceptor>
  void accept(Acceptor& acceptor);

  Handler handler_;
  base::HostPort address_;
  boost::asio::ip::tcp::acceptor tcp_;
  boost::asio::local::stream_protocol::acceptor unix_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<int> clients_ = std::make_shared<int>(0);
  bool stopped_ = false;
};

}  // namespace tsmtp::net
