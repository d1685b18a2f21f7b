// Where sites dial in: accepts, and hands over connections whose key a site has pinned. All others are
// unauthenticated connections.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <memory>
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/io/accept_loop.h"
#include "relayd/net/link/admission_control.h"
#include "relayd/net/link/unauthenticated_connection.h"

namespace tsmtp::net {

class LinkListener : public std::enable_shared_from_this<LinkListener> {
 public:
  using Callbacks = UnauthenticatedConnection::Callbacks;

  /// `tls`, `admission` and `shortages`, which all listeners share, are borrowed and outlive the listener;
  /// the last may be null.
  LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls,
               AdmissionControl& admission, Callbacks callbacks, Shortages* shortages = nullptr);

  /// Binds; the error names the address. Then start() accepts.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address);
  /// Instead of bind(): `socket` listens on `address` already.
  [[nodiscard]] base::Result<void> take_over(const base::HostPort& address, base::Descriptor socket);
  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return loop_.acceptor().local_endpoint(); }
  void start();
  /// Peers wait until resume(), for another relayd of this hub that has the socket.
  void suspend() { loop_.suspend(); }
  void resume() { loop_.resume(shared_from_this()); }
  [[nodiscard]] int descriptor() { return loop_.acceptor().native_handle(); }
  /// For good: no callback follows.
  void stop();

  // For AcceptLoop.
  [[nodiscard]] bool is_accepting() const { return !stopped_; }
  [[nodiscard]] Shortages* shortages() const { return shortages_; }

 private:
  void accepted(boost::asio::ip::tcp::socket socket);

  const TlsContext& tls_;
  AdmissionControl& admission_;
  Callbacks callbacks_;
  std::string name_;
  Shortages* shortages_;
  AcceptLoop<boost::asio::ip::tcp::acceptor, LinkListener> loop_;
  std::list<std::weak_ptr<UnauthenticatedConnection>> accepted_;  // some of which are gone
  bool stopped_ = false;
};

}  // namespace tsmtp::net
