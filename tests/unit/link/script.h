// One link in virtual time: what happens to it goes in by hand, and what it does is read as text, a line for
// each action.
#pragma once

#include <string>
#include <vector>

#include "relayd/link/link_life.h"

namespace tsmtp::link {

/// "resolve hub.example:5443", "greet 1", "attach 1: begin", "log: link up: …".
[[nodiscard]] std::string to_text(const Action& action);

inline constexpr char kOwnPin[] = "pin-m", kSmallerPin[] = "pin-a", kLargerPin[] = "pin-z";

/// The Hello of the other side.
[[nodiscard]] HelloSummary far(Named named = Named::kNone);

class Script {
 public:
  explicit Script(Settings settings, std::string own_pin = kOwnPin);

  [[nodiscard]] Moment now() const { return now_; }
  /// Lets time pass, with a tick whenever one is due.
  void pass(std::chrono::milliseconds time);
  /// What was done since the last question; without lines that begin with "log" unless asked for.
  [[nodiscard]] std::vector<std::string> did();
  [[nodiscard]] std::vector<std::string> logged();

  // A round to the first address of a name that stands for one.
  void resolve(const std::string& address = "192.0.2.1:5443");
  /// TCP and TLS stand.
  ConnectionId dial(Search search = Search::kRounds, const std::string& pin = kLargerPin);
  void fail(const std::string& cause, Search search = Search::kRounds);
  ConnectionId accept(const std::string& pin = kLargerPin);
  void hello(ConnectionId connection, HelloSummary hello = far());
  /// A link that we dialled.
  ConnectionId up();
  /// A link that the peer dialled.
  ConnectionId up_by_peer(const std::string& pin = kLargerPin);
  void lose(ConnectionId connection, const std::string& cause = "connection reset");

  LinkLife life;

 private:
  void take_actions();

  std::string own_pin_;
  Moment now_{};
  std::uint64_t last_connection_ = 0;
  std::vector<std::string> did_;
  std::vector<std::string> logged_;
};

inline constexpr Attempt kRounds{.lane = LaneNumber::first(), .search = Search::kRounds};
inline constexpr Attempt kBeside{.lane = LaneNumber::first(), .search = Search::kBeside};

/// Settings with which we dial hub.example:5443, or wait to be dialled.
[[nodiscard]] Settings dialling();
[[nodiscard]] Settings waiting();

}  // namespace tsmtp::link
