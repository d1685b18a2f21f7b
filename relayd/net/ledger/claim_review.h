// Looks through all claims that stand in etcd: settles those of this hub that an earlier relayd left, as far
// as the ledger and the book of commits tell, and lists the others for an administrator, who may decide. It
// has no timer of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/net/ledger/hub_presence.h"
#include "relayd/net/ledger/site_outcomes.h"

namespace tsmtp::net {

/// A claim whose outcome is not known yet.
struct StandingClaim {
  enum class State {
    kUnderWay,   ///< its hub is there
    kAway,       ///< its hub is not
    kUndecided,  ///< its hub cannot tell
  };
  claims::Name name;
  claims::Claim claim;
  State state = State::kUnderWay;
};

class ClaimReview {
 public:
  /// So often it looks by itself: more often while a mail waits for a hub that is lost.
  static constexpr std::chrono::minutes kInterval{10};
  static constexpr std::chrono::seconds kIntervalInTrouble{30};
  /// Of those that stand no more are kept.
  static constexpr std::size_t kMostKept = 10'000;

  struct Means {
    etcd::Store& store;
    base::Logger& log;
    SiteOutcomes& outcomes;
    const HubPresence& hubs;
    std::string hub;  ///< ours
    std::function<claims::OwnEnd(const claims::Name&, const claims::Claim&)> own_end;
  };
  struct Seen {
    std::vector<StandingClaim> claims{};
    std::size_t total = 0;
    std::optional<std::string> failure{};  ///< etcd did not answer
  };
  using Done = std::function<void(const Seen&)>;
  enum class Decision { kDelivered, kResend };

  /// What `means` refers to outlives it.
  explicit ClaimReview(Means means) : means_(std::move(means)) {}
  ~ClaimReview() { lifetime_.end(); }
  ClaimReview(const ClaimReview&) = delete;
  ClaimReview& operator=(const ClaimReview&) = delete;

  /// To be called every second.
  void tick(base::TimePoint now);
  void look(Done done);
  /// An administrator knows how that mail ended. `done` hears whether it was still so that somebody had to
  /// decide, or why etcd could not be told.
  void resolve(const StandingClaim& claim, Decision decision,
               std::function<void(const base::Result<bool>&)> done);
  /// For a transaction that nobody has claimed: it may have been delivered without etcd.
  void resolve_absent(const claims::Name& name, Decision decision,
                      std::function<void(const base::Result<bool>&)> done);

  /// Mails that wait for a hub that is away or cannot tell, as of the last look.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Since when the first of them does.
  [[nodiscard]] const std::optional<base::WallTime>& oldest_waiting() const { return oldest_waiting_; }

 private:
  struct Look {
    Seen seen;
    Done done;
    std::string after;
  };

  void read_on(const std::shared_ptr<Look>& look);
  void note(Look& look, const etcd::KeyValue& row);
  [[nodiscard]] bool settle(const claims::Name& name, const std::string& bytes, StandingClaim& claim);
  void ended(const Seen& seen);
  [[nodiscard]] claims::Value value_of(Decision decision) const;

  Means means_;
  std::optional<base::TimePoint> looked_;
  bool is_looking_ = false;
  std::uint64_t times_gone_ = 0;
  std::size_t waiting_ = 0;
  std::optional<base::WallTime> oldest_waiting_;
  std::set<std::string> told_;  // resent though our MTA had it
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
