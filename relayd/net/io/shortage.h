// Shortages of this machine, mostly of descriptors: told in the log and in status as ours, never as the
// trouble of the one who was not served for it. And the descriptor that is kept so that a client can still be
// told.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/net/io/memory_reserve.h"

namespace tsmtp::net {

/// Whether `error` says that this process or machine has no more of something: descriptors or memory.
[[nodiscard]] bool is_shortage(const boost::system::error_code& error);

/// The error in the words of a reply: "this hub is out of file descriptors (Too many open files)" where it is
/// a shortage of ours, else as the system has it.
[[nodiscard]] std::string cause_of(const boost::system::error_code& error);

/// A thread that could not be made, in the words of a reply: "this hub can make no thread (WHY)".
[[nodiscard]] std::string no_thread(const std::string& why);

/// Of the whole relayd, since it was started.
class Shortages {
 public:
  /// `log` is borrowed.
  explicit Shortages(base::Logger& log) : log_(log) {}
  /// `what` could not be done: "127.0.5.2:5000: a client could not be accepted".
  void note(std::string_view what, const boost::system::error_code& error);

  /// To be called about once a second: whether memory is short. The flag is for those who take mails.
  void look_at_memory();
  [[nodiscard]] const bool& is_short_of_memory() const { return is_short_of_memory_; }

  [[nodiscard]] std::uint64_t times() const { return times_; }
  [[nodiscard]] base::WallTime last() const { return last_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void note(std::string text);

  base::Logger& log_;
  MemoryReserve reserve_;
  bool is_short_of_memory_ = false;
  std::uint64_t times_ = 0;
  base::WallTime last_{};
  std::string text_;
};

/// A descriptor that is open for nothing, until there is no other.
class SpareDescriptor {
 public:
  SpareDescriptor() { refill(); }
  ~SpareDescriptor() { give_up(); }
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;

  /// Whether there is one by now.
  bool refill();
  /// Whether there was one: somebody else can have its number now.
  bool give_up();

 private:
  int fd_ = -1;
};

}  // namespace tsmtp::net
