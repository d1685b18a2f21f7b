// What goes before the TLS handshake where a site is dialled through a proxy: proxy::Dialogue on a socket
// that is connected to the proxy, within a deadline. It reads not a byte more than the proxy's own answers.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/proxy/dialogue.h"

namespace tsmtp::net {

class ProxyHandshake : public std::enable_shared_from_this<ProxyHandshake> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  /// `error` is empty if the proxy has said yes: then the socket is a connection to the hub.
  using Done = std::function<void(Socket socket, const std::string& error)>;

  ProxyHandshake(Socket socket, std::unique_ptr<proxy::Dialogue> dialogue, Done done);
  /// Calls `done` once, perhaps at once. Keeps itself alive until then.
  void start();
  /// Gives up and closes: `done` is not called any more.
  void cancel();

 private:
  void go_on();
  [[nodiscard]] bool write();
  [[nodiscard]] bool read();
  void wait(Socket::wait_type what);
  void fail(const boost::system::error_code& error);
  void finish(const std::string& error);

  Socket socket_;
  std::unique_ptr<proxy::Dialogue> dialogue_;
  Done done_;
  boost::asio::steady_timer timer_;
  std::string output_;  // that the socket has not taken
};

}  // namespace tsmtp::net
