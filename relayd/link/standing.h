// How a link stands, as mails, replies and status are told: up, interrupted or down, since when, and why. An
// interruption is a pause to everybody as long as nothing speaks against its end; after that the link counts
// as down, though what is under way still waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "relayd/link/moment.h"

namespace tsmtp::link {

class Standing {
 public:
  enum class State {
    kDown,
    kUp,           ///< at least one session has a connection
    kInterrupted,  ///< there are sessions, and all wait for a connection
  };

  explicit Standing(Moment now) : since_(now.wall) {}

  /// The first of its sessions has got a connection.
  void up(Moment now);
  /// The last of its connections is gone, and a session waits for another.
  void interrupted(const std::string& cause, Moment now);
  /// The last of its sessions is over.
  void down(const std::string& cause, Moment now);
  /// Why it is down is known better now; no effect while it is up.
  void learn(const std::string& cause);
  /// A try to dial has failed. Whether that ends the pause.
  [[nodiscard]] bool dial_failed(Moment now);
  /// Whether that ends the pause.
  [[nodiscard]] bool tick(base::TimePoint now);
  [[nodiscard]] std::optional<base::TimePoint> deadline() const { return pause_until_; }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_paused() const { return pause_until_.has_value(); }
  [[nodiscard]] base::WallTime since() const { return since_; }
  /// Empty while it is up.
  [[nodiscard]] const std::string& cause() const { return cause_; }

 private:
  State state_ = State::kDown;
  base::WallTime since_;
  std::string cause_;
  base::TimePoint interrupted_;
  std::optional<base::TimePoint> pause_until_;
};

}  // namespace tsmtp::link
