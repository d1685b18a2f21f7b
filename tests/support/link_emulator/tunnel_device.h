// A network namespace of its own with a TUN device in it: one end of the emulated link. It has no name and no
// process in it: it is gone with the last descriptor of it and the last process that entered it, however they
// end.
#pragma once

#include <string>

namespace tsmtp::support::emulator {

class TunnelDevice {
 public:
  /// Makes both; throws std::system_error where that is not allowed (it needs root). `address`: the IPv4
  /// address of this end, in a network of 24 bits that holds the other end too.
  explicit TunnelDevice(const std::string& address);
  ~TunnelDevice();
  TunnelDevice(const TunnelDevice&) = delete;
  TunnelDevice& operator=(const TunnelDevice&) = delete;

  /// Not blocking. Reading and writing it is a whole packet each.
  [[nodiscard]] int fd() const { return fd_; }
  /// For setns(2), also by way of /proc/PID/fd.
  [[nodiscard]] int name_space() const { return name_space_; }

 private:
  int name_space_ = -1;
  int fd_ = -1;
};

}  // namespace tsmtp::support::emulator
