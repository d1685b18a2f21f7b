// When to dial which address of a site, until a connection with the pinned key stands: the configured ones in
// turn, each name resolved anew and all that it stands for tried, with backoff between the rounds. Knows why
// each address failed. Events go in with the time; the next step comes back.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/link/backoff.h"
#include "relayd/link/moment.h"
#include "relayd/settings/link.h"

namespace tsmtp::link {

class Dialling {
 public:
  /// How far a try got.
  enum class Reached { kNowhere, kName, kHost, kProgram };
  /// How the last try of an address ended.
  struct Failure {
    std::string address;  ///< as it was configured
    base::WallTime when;
    std::string cause;  ///< of each of what the name stands for
    Reached reached = Reached::kNowhere;
    std::string brief;  ///< the cause of the one that got so far, first, and its address
  };
  struct Settings {
    std::vector<base::HostPort> addresses;  ///< at least one
    std::chrono::milliseconds longest_wait = settings::Link{}.dial_interval;
    /// That is resolved and connected to instead, and brings us to the address; empty: none.
    std::string proxy{};
  };

  enum class Step { kNone, kResolve, kConnect, kGiveUp };
  struct Next {
    Step step = Step::kNone;         ///< target(), address() say of what
    std::optional<Failure> failure;  ///< of one address; dialling goes on
    bool news = false;               ///< not what it failed of the last time
  };

  Dialling(Settings settings, unsigned seed);

  /// Begins a round now, or when it is not held any more; no effect while one is under way. After dialled()
  /// it rests until started again.
  [[nodiscard]] Next start(Moment now);
  /// Begins after the next backoff step.
  void start_later(Moment now);
  /// No round begins before then.
  void hold(base::TimePoint until) { not_before_ = until; }
  /// The connection that was handed over last came to nothing: goes on with the next address.
  [[nodiscard]] Next came_to_nothing(const std::string& cause, Moment now);
  /// The link is up: gives up whatever is under way or planned, forgets all failures, and starts from the
  /// shortest wait the next time.
  [[nodiscard]] Next rest();
  /// For good.
  [[nodiscard]] Next stop();

  /// `addresses`: at least one, as text. An event that nobody waits for has no effect.
  [[nodiscard]] Next resolved(std::vector<std::string> addresses, Moment now);
  void connected();
  [[nodiscard]] Next failed(const std::string& cause, Reached reached, Moment now);
  /// Whether the connection is wanted.
  [[nodiscard]] bool dialled();
  [[nodiscard]] Next tick(Moment now);
  [[nodiscard]] std::optional<base::TimePoint> deadline() const { return deadline_; }

  /// Of the step that came back last.
  [[nodiscard]] const base::HostPort& target() const { return settings_.addresses[target_]; }
  [[nodiscard]] std::size_t address() const { return tried_ - 1; }

  /// When the next round begins; nothing while one is under way or none is planned.
  [[nodiscard]] std::optional<base::WallTime> next_try() const { return next_try_; }
  /// One for each address that has been tried since the link was last up, in their order.
  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }
  /// The one that says most in few words, "CAUSE, ADDRESS": mailq cuts at 100 characters. That is the one
  /// that got furthest.
  [[nodiscard]] std::string cause() const;

 private:
  enum class State { kResting, kWaiting, kResolving, kConnecting, kShakingHands, kStopped };

  [[nodiscard]] bool is_under_way() const;
  void wait(std::chrono::milliseconds time, Moment now);
  [[nodiscard]] std::chrono::milliseconds held_for(Moment now) const;
  [[nodiscard]] Next give_up(State next);
  [[nodiscard]] Next dial(std::size_t target, Moment now);
  [[nodiscard]] Next connect_next(Moment now);
  [[nodiscard]] Next attempt_failed(const std::string& cause, Reached reached, Moment now);
  [[nodiscard]] Next target_failed(Moment now);
  [[nodiscard]] std::string which_address() const;

  Settings settings_;
  Backoff backoff_;
  State state_ = State::kResting;
  base::TimePoint not_before_{};
  std::optional<base::TimePoint> deadline_;
  std::optional<base::WallTime> next_try_;
  std::vector<Failure> failures_;

  // The try that is under way, or was last.
  std::size_t target_ = 0;              // of settings_.addresses
  std::vector<std::string> addresses_;  // what it stands for
  std::size_t tried_ = 0;               // of addresses_
  std::string causes_;                  // of all of them so far
  Reached reached_ = Reached::kNowhere;
  std::string brief_;
};

}  // namespace tsmtp::link
