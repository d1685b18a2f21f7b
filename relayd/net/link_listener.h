// Where sites dial in: accepts, does the handshake, and hands over connections whose key a site has pinned.
// Strangers cost little: few handshakes at a time, each within a deadline.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/handshake.h"

namespace tsmtp::net {

class LinkListener : public std::enable_shared_from_this<LinkListener> {
 public:
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(std::unique_ptr<TlsStream>)> connected;
    std::function<void(const std::string& peer, const std::string& cause)> refused;
  };

  /// `tls` is borrowed and outlives the listener.
  LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls, Callbacks callbacks);

  /// Binds; the error names the address. Then start() accepts.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address);
  void start();
  /// For good: no callback follows.
  void stop();

 private:
  void accept();
  void accepted(boost::asio::ip::tcp::socket socket);

  const TlsContext& tls_;
  Callbacks callbacks_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::set<std::shared_ptr<Handshake>> handshakes_;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
