// Log lines on their way out. A reader that has stopped, of a pipe or of syslog's socket, must never stop us.
// Lines that it does not take wait here, within a bound. Those beyond the bound are counted, and it is told
// their number when it reads again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/daemon/later.h"

namespace tsmtp::daemon {

/// The place that lines are written to. Must never wait.
class LogOutput {
 public:
  enum class State {
    kOpen,
    kFull,  ///< takes no more for now
    kGone,  ///< nobody is there; perhaps later
  };
  struct Written {
    std::size_t bytes = 0;
    State state = State::kOpen;
  };

  virtual ~LogOutput() = default;
  /// `bytes`: whole lines with their ends, or the rest of such.
  virtual Written write(std::string_view bytes) = 0;
  /// Whether several lines may go in one write.
  [[nodiscard]] virtual bool joins_lines() const = 0;
};

class LogQueue {
 public:
  /// A line that says that so many were lost, as it is to be written.
  using LossText = std::function<std::string(std::uint64_t lost)>;

  LogQueue(std::unique_ptr<LogOutput> output, Later in_a_while, LossText loss_text);
  /// Waits a moment for a reader that is slow, not for one that has stopped.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  /// `line`: with its end. Nothing is written before flush().
  void add(std::string_view line);
  /// Writes as much as the output takes. The rest is tried again by itself.
  void flush();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Since the beginning, told or not.
  [[nodiscard]] std::uint64_t lost_in_all() const { return lost_in_all_; }

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) const;
  void push(std::string_view line);
  LogOutput::State write();

  std::unique_ptr<LogOutput> output_;
  Later in_a_while_;
  LossText loss_text_;
  std::deque<std::string> lines_;  // the first may have been written in part
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;  // not told yet
  std::uint64_t lost_in_all_ = 0;
  bool is_due_ = false;  // flush() will be called
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tsmtp::daemon
