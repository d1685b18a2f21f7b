// Which hubs of the site are there: each keeps a key in etcd under a lease of seconds, and watches those of
// the others. Only for what is said, and for on_lost_hub = resend: no outcome rests on it. It has no timer of
// its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/claims/keys.h"
#include "relayd/claims/value.h"
#include "relayd/etcd/store.h"

namespace tsmtp::net {

class HubPresence : private etcd::Watcher {
 public:
  /// A hub that says nothing for so long is away.
  static constexpr std::chrono::seconds kTimeToLive{10};
  static constexpr std::chrono::seconds kInterval{3};

  struct Means {
    etcd::Store& store;
    base::Logger& log;
    const claims::Keys& keys;
    std::string hub;
    std::string instance;        ///< of this relayd, which no other has
    std::string memory;          ///< of this hub (claims::Claim)
    bool goes_on_alone = false;  ///< on_engine_loss = local
  };

  /// What `means` refers to outlives it.
  explicit HubPresence(Means means);
  ~HubPresence() override;
  HubPresence(const HubPresence&) = delete;
  HubPresence& operator=(const HubPresence&) = delete;

  /// To be called every second.
  void tick(base::TimePoint now);
  /// relayd stops: the others need not wait until the lease is over.
  void leave();

  /// "it is away since 12:03:04"; empty: it is there, or nothing is known.
  [[nodiscard]] std::string away(const std::string& hub) const;
  [[nodiscard]] bool is_away(const std::string& hub) const { return is_known_ && !others_.contains(hub); }
  /// How often a hub went: who looks after its claims compares.
  [[nodiscard]] std::uint64_t times_gone() const { return times_gone_; }
  /// A hub that was there since our start goes on without etcd: what nobody has claimed may be delivered.
  [[nodiscard]] bool another_goes_on_alone() const { return another_goes_on_alone_; }
  /// The other hubs of the site that are there.
  [[nodiscard]] std::vector<std::string> there() const;

 private:
  void changed(const std::vector<etcd::Change>& changes) override;
  void begin_anew() override;
  void read();
  void appear();
  void put(etcd::Lease lease);
  void note(const std::string& hub, const std::optional<std::string>& value);
  void compare(const std::string& hub, const std::string& value);

  Means means_;
  std::string value_;
  etcd::Store::WatchId watch_;
  etcd::Lease lease_ = 0;
  bool is_asking_ = false;
  bool is_namesake_told_ = false;
  std::optional<base::TimePoint> asked_;
  bool is_known_ = false;  // who is there
  bool must_read_ = false;
  bool is_reading_ = false;
  std::int64_t changed_at_ = 0;  // the revision of the last change that was told
  std::map<std::string, std::string> others_;
  std::map<std::string, base::WallTime> gone_;
  std::uint64_t times_gone_ = 0;
  bool another_goes_on_alone_ = false;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
