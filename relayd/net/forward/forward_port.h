// One address where programs find a service of another site. The port stays ours while the service cannot be
// reached, but nothing listens there then: a program hears "connection refused" at once, and nobody else on
// this host can take the service's place.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "relayd/base/descriptor.h"
#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/endpoint/endpoint.h"
#include "relayd/net/io/listening.h"
#include "relayd/net/io/shortage.h"

namespace tsmtp::net {

class ForwardPort {
 public:
  /// Takes the address; the error names it. `shortages` may be null, and is borrowed. `lent`: by another
  /// relayd of this hub, which accepts there until this one resumes.
  [[nodiscard]] static base::Result<std::shared_ptr<ForwardPort>> bind(
      const base::HostPort& address, const SocketAccess& access, const boost::asio::any_io_executor& executor,
      Shortages* shortages, base::Descriptor lent = {});
  ~ForwardPort() { close(); }
  ForwardPort(const ForwardPort&) = delete;
  ForwardPort& operator=(const ForwardPort&) = delete;

  /// Listens from now on, until close(). Opened again: for somebody else.
  [[nodiscard]] base::Result<void> open(Endpoint::Accepted accepted);
  void close();
  /// From now on, until resume(), another relayd of this hub has the address: whether anything listens there
  /// is for that one to say. Neither open() nor close() does anything to it.
  void suspend();
  void resume();
  /// To be lent; -1: there is none.
  [[nodiscard]] int descriptor() const;
  [[nodiscard]] bool is_open() const { return endpoint_ != nullptr; }
  /// Lets others in than before. Without effect on TCP.
  [[nodiscard]] base::Result<void> change(const SocketAccess& access);
  [[nodiscard]] const base::HostPort& address() const { return address_; }

 private:
  ForwardPort(base::HostPort address, SocketAccess access, const boost::asio::any_io_executor& executor,
              Shortages* shortages);
  [[nodiscard]] base::Result<void> listen(Endpoint& endpoint);

  base::HostPort address_;
  SocketAccess access_;
  boost::asio::any_io_executor executor_;
  Shortages* shortages_;
  base::Descriptor bound_;  // of a TCP address
  base::Descriptor lent_;   // of a unix socket
  bool is_suspended_ = false;
  std::shared_ptr<Endpoint> endpoint_;
};

}  // namespace tsmtp::net
