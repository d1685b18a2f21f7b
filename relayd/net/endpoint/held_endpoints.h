// The endpoints' listening sockets that outlive relayd, as relayd sees them. Between a stop and the next
// start nobody else on this host may listen where our MTA hands mail over, for the MTA would believe that
// program's 250. So a process that does nothing else holds the sockets (net/endpoint/endpoint_holder.h), or
// the service manager does (sd_listen_fds(3)). relayd takes them over at its start, and says afterwards what
// it listens on.
#pragma once

#include <sys/time.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/descriptor.h"
#include "relayd/base/host_port.h"
#include "relayd/base/log.h"

namespace tsmtp::net {

class HeldEndpoints {
 public:
  struct Listening {
    base::HostPort address;
    int descriptor;  ///< borrowed
  };

  /// `path`: the holder's socket. `log` is borrowed and outlives it.
  HeldEndpoints(std::string path, base::Logger& log) : path_(std::move(path)), log_(log) {}

  /// Asks the holder, and the service manager's environment, for what they have. Blocks for five seconds at
  /// most, where the holder hangs.
  void take_over();
  /// Another relayd of this hub, from which this one takes over, has lent `socket`. take_over() is not called
  /// then.
  void lend(const std::string& address, base::Descriptor socket) { taken_[address] = std::move(socket); }
  /// The listening socket for `address`, if somebody held it.
  [[nodiscard]] base::Descriptor take(const base::HostPort& address);
  /// From now on these are held, and no others. Comes to nothing while there is no holder; call it again now
  /// and then, for one that was started later.
  void keep(const std::vector<Listening>& all);
  /// Whether the holder has what keep() said last; nothing where that was no endpoint at all.
  [[nodiscard]] std::optional<bool> is_held() const {
    return is_empty_ ? std::nullopt : std::optional<bool>(is_held_);
  }

 private:
  [[nodiscard]] bool connect(const timeval& patience);
  void notice_end();
  void take_from_holder();
  void take_from_service_manager();
  void lost();

  std::string path_;
  base::Logger& log_;
  base::Descriptor holder_;
  std::map<std::string, base::Descriptor> taken_;  // by address
  std::vector<std::string> kept_;                  // the addresses that the holder was told last
  bool is_held_ = false;
  bool is_empty_ = true;
};

}  // namespace tsmtp::net
