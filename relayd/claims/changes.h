// How a hub changes what stands under a transaction that it delivers: claims it, says how it ended, or takes
// its claim back. A value is replaced only where it is the one that was meant, so whoever comes late, or
// twice, changes nothing (P4).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "relayd/claims/operation.h"
#include "relayd/claims/value.h"

namespace tsmtp::claims {

/// Before the end of content goes out.
class Claiming : public Operation {
 public:
  Claiming(std::string key, const Claim& claim) : key_(std::move(key)), bytes_(encode(claim)) {}

  [[nodiscard]] bool needs_leases() const override { return false; }
  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

  /// When it is done: the transaction is ours alone. An answer that was lost before is no harm.
  [[nodiscard]] bool is_ours() const { return is_ours_; }
  /// Else what stands there; nothing: it cannot be read.
  [[nodiscard]] const std::optional<Value>& found() const { return found_; }

 private:
  std::string key_;
  std::string bytes_;
  bool is_ours_ = false;
  std::optional<Value> found_;
};

/// Our MTA took the mail.
class Ending : public Operation {
 public:
  Ending(std::string key, const std::optional<Claim>& claim, const Ended& ended)
      : key_(std::move(key)), expected_(bytes_of(claim)), bytes_(encode(ended)) {}

  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

  /// When it is done: what stands there in its place, which says otherwise. The mail may come twice.
  [[nodiscard]] const std::optional<Value>& contradicted() const { return contradicted_; }

 private:
  [[nodiscard]] static std::optional<std::string> bytes_of(const std::optional<Claim>& claim) {
    return claim ? std::optional(encode(*claim)) : std::nullopt;
  }

  std::string key_;
  std::optional<std::string> expected_;  // nothing: that there is nothing
  std::string bytes_;
  bool looks_for_another_ = false;
  std::optional<Value> contradicted_;
};

/// Our MTA did not get the mail, or refused it, and will not get it under this name.
class Withdrawing : public Operation {
 public:
  enum class Way {
    kForget,  ///< the claim stands, and nothing is left of it
    kDisown,  ///< it may stand, or come to stand there yet: it must not
  };
  Withdrawing(std::string key, const Claim& claim, const Disowned& disowned, Way way)
      : key_(std::move(key)), expected_(encode(claim)), bytes_(encode(disowned)), way_(way) {}

  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

 private:
  std::string key_;
  std::string expected_;
  std::string bytes_;
  Way way_;
  bool is_absent_known_ = false;  // it is not: the claim is looked for
};

/// A hub has looked, and cannot tell how a claim of its own ended.
class Doubting : public Operation {
 public:
  Doubting(std::string key, std::string hub) : key_(std::move(key)), hub_(std::move(hub)) {}

  [[nodiscard]] bool needs_leases() const override { return false; }
  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

 private:
  std::string key_;
  std::string hub_;
  std::string seen_;   // the claim
  std::string bytes_;  // what it becomes
};

/// One value for another, if it is still that one.
class Replacing : public Operation {
 public:
  /// `expected` empty: that there is nothing. Without `value` it is deleted.
  Replacing(std::string key, std::string expected, std::optional<Value> value)
      : key_(std::move(key)), expected_(std::move(expected)), value_(std::move(value)) {}

  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

  [[nodiscard]] bool is_done() const { return is_done_; }

 private:
  std::string key_;
  std::string expected_;
  std::optional<Value> value_;
  bool is_done_ = false;
};

/// Outcomes that nobody will ask for any more go, all together, and none if one of them is another by now.
class Forgetting : public Operation {
 public:
  using Outcomes = std::map<std::string, std::string>;  ///< keys with their values

  explicit Forgetting(Outcomes outcomes) : outcomes_(std::move(outcomes)) {}

  [[nodiscard]] bool needs_leases() const override { return false; }
  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

  [[nodiscard]] bool is_done() const { return is_done_; }
  [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }

 private:
  Outcomes outcomes_;
  bool is_done_ = false;
};

}  // namespace tsmtp::claims
