// Where sites dial in: accepts, and hands over connections whose key a site has pinned. All others are
// strangers.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/stranger.h"
#include "relayd/net/strangers.h"

namespace tsmtp::net {

class LinkListener : public std::enable_shared_from_this<LinkListener> {
 public:
  using Callbacks = Stranger::Callbacks;

  /// `tls` and `strangers`, which all listeners share, are borrowed and outlive the listener.
  LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls, Strangers& strangers,
               Callbacks callbacks);

  /// Binds; the error names the address. Then start() accepts.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address);
  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return acceptor_.local_endpoint(); }
  void start();
  /// For good: no callback follows.
  void stop();

 private:
  void accept();
  void accepted(boost::asio::ip::tcp::socket socket);

  const TlsContext& tls_;
  Strangers& strangers_;
  Callbacks callbacks_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::list<std::weak_ptr<Stranger>> accepted_;  // some of which are gone
  bool stopped_ = false;
};

}  // namespace tsmtp::net
