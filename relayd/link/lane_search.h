// The searches for a new connection of one lane, in rounds and beside the old one, put into actions.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/link/action.h"
#include "relayd/link/dialling.h"
#include "relayd/link/redialling.h"

namespace tsmtp::link {

class LaneSearch {
 public:
  /// One address has failed in a round.
  struct Failed {
    Dialling::Failure failure;
    bool news;  ///< not what it failed of the last time
  };
  enum class When { kNow, kSoon, kAfterPause };

  /// Without addresses nothing is dialled: the peer does.
  LaneSearch(LaneNumber lane, const Dialling::Settings& settings, unsigned seed);

  [[nodiscard]] bool dials() const { return dialling_.has_value(); }

  // Rounds; as Dialling has them.
  void start(Moment now, Actions& actions);
  void start_later(Moment now);
  void hold(base::TimePoint until);
  [[nodiscard]] std::optional<Failed> came_to_nothing(const std::string& cause, Moment now, Actions& actions);
  /// A search that is under way goes on as it is.
  void dial_beside(When when, std::chrono::milliseconds round_trip, base::TimePoint now, Actions& actions);
  void stop_beside(Actions& actions);
  /// Whether dial_beside() has been called since it was stopped.
  [[nodiscard]] bool is_beside() const { return redialling_.has_value(); }
  /// The lane has a connection: both searches end, and failures are forgotten.
  void rest(Actions& actions);
  /// Only the rounds.
  void rest_rounds(Actions& actions);
  /// For good.
  void stop(Actions& actions);

  // The result of a try. One that nobody waits for has no effect.
  [[nodiscard]] std::optional<Failed> resolved(base::Result<std::vector<std::string>> addresses, Moment now,
                                               Actions& actions);
  void connected(Search search);
  [[nodiscard]] std::optional<Failed> failed(Search search, const std::string& cause,
                                             Dialling::Reached reached, Moment now, Actions& actions);
  /// Whether the connection is wanted.
  [[nodiscard]] bool dialled(Search search);
  [[nodiscard]] std::optional<Failed> tick(Moment now, Actions& actions);
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;

  /// Null where the peer dials.
  [[nodiscard]] const Dialling* rounds() const { return dialling_ ? &*dialling_ : nullptr; }

 private:
  [[nodiscard]] std::optional<Failed> queue(Dialling::Next next, Actions& actions) const;
  void queue(Redialling::Step step, Actions& actions) const;

  LaneNumber lane_;
  std::minstd_rand random_;
  std::optional<Dialling> dialling_;
  std::optional<Redialling> redialling_;
};

}  // namespace tsmtp::link
