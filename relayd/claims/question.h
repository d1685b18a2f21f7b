// How a transaction ended, asked of all hubs of the site at once. Whoever is told that it is not known may
// deliver the mail anew: so that is said only when etcd has it that nobody may deliver it under this name any
// more (P4).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/claims/operation.h"
#include "relayd/claims/value.h"

namespace tsmtp::claims {

/// What a hub knows of a claim of its own.
struct OwnEnd {
  enum class Kind {
    kUnderWay,      ///< it is being delivered, or its MTA's reply is still awaited
    kDelivered,     ///< `known`
    kNotDelivered,  ///< its MTA refused it, or never saw its end
    kUndecided,     ///< nobody but its MTA can tell
  };
  Kind kind = Kind::kUndecided;
  std::string known{};  ///< mail::encode_known()
};

class Question : public Operation {
 public:
  struct Settings {
    std::string key;
    std::string hub;  ///< ours
    base::WallTime now;
    /// A transaction that nobody has claimed is not known. False: it may have been delivered without a claim.
    bool disowns_absent = true;
    /// Claims of hubs that are lost are given up when they were made before.
    std::optional<base::WallTime> resends_before{};
    /// Of a claim that names our hub.
    std::function<OwnEnd(const Claim&)> own_end{};
    /// Where a hub's presence stands.
    std::function<std::string(const std::string& hub)> hub_key{};
  };
  enum class Kind { kUnknown, kKnown, kPending, kAbsent, kUnreadable };

  explicit Question(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] etcd::Transaction step(const Leases& leases) override;
  [[nodiscard]] bool answered(const etcd::Answer& answer) override;

  // When it is done.
  [[nodiscard]] Kind kind() const { return kind_; }
  /// Of kKnown.
  [[nodiscard]] const std::string& known() const { return known_; }
  /// The value that says so; empty where that is what our hub knows.
  [[nodiscard]] const std::string& value() const { return value_; }
  /// Of kPending: who has it. Of kUnknown: whose it was, and it was given up just now.
  [[nodiscard]] const std::optional<Claim>& claim() const { return claim_; }
  /// Of kUnknown: it was given up, now or before.
  [[nodiscard]] const std::optional<Resent>& resent() const { return resent_; }

 private:
  enum class Step { kLook, kDisown, kResend };

  [[nodiscard]] bool judge(const etcd::Answer& answer);
  [[nodiscard]] bool judge_claim(const Claim& claim);
  [[nodiscard]] bool may_be_given_up(const Claim& claim) const;
  [[nodiscard]] bool end(Kind kind);

  Settings settings_;
  Step step_ = Step::kLook;
  int steps_ = 0;
  bool has_tried_resend_ = false;
  Kind kind_ = Kind::kPending;
  std::string known_;
  std::string value_;
  std::optional<Claim> claim_;
  std::optional<Resent> resent_;
};

}  // namespace tsmtp::claims
