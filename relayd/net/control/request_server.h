// One request, one reply, then the connection closes: the control socket and the metrics page. What a request
// is, and what it deserves, the handler knows. Few clients at a time, each within a deadline and a bound;
// when there are too many, one of the user or address that has the most has to go.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/net/endpoint/endpoint.h"

namespace tsmtp::net {

class RequestServer {
 public:
  struct Received {
    std::string_view text;      ///< all so far
    std::optional<uid_t> user;  ///< who asks; nothing where that cannot be known
  };
  /// Returns the whole reply, or nothing while the request is not complete.
  using Handler = std::function<std::optional<std::string>(const Received& received)>;

  /// For what takes its time: true if the request is its own; it calls `reply` once, later, from the loop.
  using Reply = std::function<void(std::string)>;
  using SlowHandler = std::function<bool(const Received& received, Reply reply)>;

  /// `slow`, which may be null, is asked first. `shortages`: as Endpoint's.
  RequestServer(const boost::asio::any_io_executor& executor, Handler handler, Shortages* shortages = nullptr,
                SlowHandler slow = nullptr);

  /// A unix socket gets mode 0600: it is for this relayd's user and root.
  [[nodiscard]] base::Result<void> bind(const base::HostPort& address, std::optional<Owner> owner);
  /// Instead of bind(): `socket` listens on `address` already.
  [[nodiscard]] base::Result<void> take_over(const base::HostPort& address, base::Descriptor socket) {
    return endpoint_->take_over(address, std::move(socket));
  }
  void start();
  void suspend() { endpoint_->suspend(); }
  void resume() { endpoint_->resume(); }
  void stop();
  [[nodiscard]] const base::HostPort& address() const { return endpoint_->address(); }
  [[nodiscard]] int descriptor() { return endpoint_->descriptor(); }

 private:
  Handler handler_;
  SlowHandler slow_;
  std::shared_ptr<Endpoint> endpoint_;
};

}  // namespace tsmtp::net
