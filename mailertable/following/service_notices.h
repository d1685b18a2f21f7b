// What the service manager is told of the tables and of the directory (sd_notify(3)).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "relayd/base/notify_socket.h"

namespace tsmtp::mailertable {

class ServiceNotices {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void starting(const std::string& what) { tell_status(what, ""); }
  /// How the tables stand with the directory. With the first we are ready: they are as it says, or why they
  /// are not is known. A host does not wait for a directory that is down when it boots; its tables are the
  /// last right ones.
  void stands(const std::string& how);
  /// stands() must follow.
  void reloading();
  void stopping();
  /// To be called at least once a second.
  void alive(Time now);

 private:
  void tell_status(const std::string& status, const std::string& before);

  base::NotifySocket manager_;
  std::string status_;
  bool is_ready_ = false;
  std::optional<Time> alive_;
};

}  // namespace tsmtp::mailertable
