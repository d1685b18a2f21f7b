// Which member of etcd is asked. One that serves is kept; when it fails, the next is tried, in order and at
// once, and after a round in vain there is a short rest. Every member's last failure is remembered, so that
// an administrator is told of all of them.
//
// Sans I/O: the owner tries current() whenever phase() is kTrying, and says how that went.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::etcd {

class Endpoints {
 public:
  static constexpr std::chrono::milliseconds kFirstRest{100};
  static constexpr std::chrono::milliseconds kLongestRest{1000};

  enum class Phase {
    kTrying,   ///< current() is to be tried
    kServing,  ///< current() was tried, and serves
    kResting,  ///< all were tried in vain: until deadline()
  };

  /// As they are named in texts; at least one.
  explicit Endpoints(std::vector<std::string> names);

  // What happened. A word about another endpoint than current() is one about an old connection, and ignored.
  void served(std::size_t endpoint);
  /// `cause` goes on behind the endpoint's name: "refuses connections".
  void failed(std::size_t endpoint, std::string cause, base::TimePoint now);
  void tick(base::TimePoint now);

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] std::size_t current() const { return current_; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  [[nodiscard]] const std::string& name(std::size_t endpoint) const { return names_[endpoint]; }
  /// Since when no endpoint has served, if all were tried since.
  [[nodiscard]] std::optional<base::TimePoint> down_since() const;
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;
  /// "etcd at http://a:2379 refuses connections; http://b:2379 does not answer": since one has served last.
  [[nodiscard]] std::string cause() const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> causes_;  // empty: it has not failed
  std::size_t current_ = 0;
  Phase phase_ = Phase::kTrying;
  std::size_t failures_ = 0;  // tries in vain, in this round
  bool is_down_ = false;
  std::optional<base::TimePoint> failing_since_;
  std::chrono::milliseconds rest_{kFirstRest};
  base::TimePoint rests_until_;
};

}  // namespace tsmtp::etcd
