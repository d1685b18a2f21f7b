// Finds out whether one service at this hub answers, again and again (forward/probing.h says when).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/lifetime.h"
#include "relayd/forward/probing.h"
#include "relayd/net/mta/mta_dialer.h"

namespace tsmtp::net {

class ServiceProbe {
 public:
  /// `changed` is called when answers() or its cause has changed, never inside a call of ours.
  ServiceProbe(const boost::asio::any_io_executor& executor, MtaTarget target, std::function<void()> changed);
  ~ServiceProbe();
  ServiceProbe(const ServiceProbe&) = delete;
  ServiceProbe& operator=(const ServiceProbe&) = delete;

  void start();
  /// What a connection that somebody waited for has shown.
  void reached(const base::Result<void>& how);

  /// Nothing: not known yet.
  [[nodiscard]] std::optional<bool> answers() const { return probing_.answers(); }
  [[nodiscard]] const std::string& cause() const { return probing_.cause(); }

 private:
  void look();
  void connect();
  void tell_if_changed();

  MtaTarget target_;
  std::function<void()> changed_;
  base::Lifetime lifetime_;
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<MtaDialer> dialer_;  // while it connects
  base::TimePoint dialled_{};
  forward::Probing probing_;
  std::optional<bool> told_;
};

}  // namespace tsmtp::net
