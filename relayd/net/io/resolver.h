// From a name and port to addresses, by what the system knows: hosts file, DNS. An interface, so that tests
// can change what a name stands for.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

/// "name not resolved: no such host", in the words of a reply.
[[nodiscard]] std::string why_not_resolved(const boost::system::error_code& error);

class Resolver {
 public:
  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
  using Done = std::function<void(base::Result<Addresses>)>;

  virtual ~Resolver() = default;
  /// Calls `done` once, later, with at least one address or a reason; never after cancel().
  virtual void resolve(const base::HostPort& name, Done done) = 0;
  virtual void cancel() = 0;
};

class SystemResolver : public Resolver {
 public:
  explicit SystemResolver(const boost::asio::any_io_executor& executor) : resolver_(executor) {}
  void resolve(const base::HostPort& name, Done done) override;
  void cancel() override;

 private:
  boost::asio::ip::tcp::resolver resolver_;
  std::shared_ptr<bool> wanted_;  // by the search that is under way; false: cancelled
};

}  // namespace tsmtp::net
