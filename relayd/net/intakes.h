// The sessions of our MTA at the endpoints of one site. Knows whether one more can be served at all, and if
// not, says why in its greeting (P5); who has to leave when there are too many; and what all of them share.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/byte_budget.h"
#include "relayd/base/lifetime.h"
#include "relayd/mail/refused_recipients.h"
#include "relayd/mail/turns.h"
#include "relayd/net/intake_connection.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/net/site_hubs.h"
#include "relayd/policy/rate.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::net {

/// What envelopes and verdicts of one site's mails under way may take; mails of one direction leave the
/// other's alone.
inline constexpr std::size_t kMailMemoryBytes = 64UL * 1024 * 1024;

class Intakes {
 public:
  using Ended = std::function<void(const mail::Summary&)>;

  /// All but `ended` is borrowed and outlives it; settings_changed() says that `settings` are others.
  Intakes(const SharedBySites& shared, const settings::Site& settings, SiteHubs& hubs, Ended ended);
  ~Intakes() { lifetime_.end(); }
  Intakes(const Intakes&) = delete;
  Intakes& operator=(const Intakes&) = delete;

  void settings_changed() { rate_.set_rates(settings_.rates); }
  void accept(ByteChannel::Socket socket);
  /// A session of another process of this hub, which has given it away.
  void go_on_with(base::Descriptor socket, const RestingSession& session);
  /// On the last descriptor that there is.
  void turn_away(ByteChannel::Socket socket);
  /// The standing of a hub has changed: those that waited for it are served, or told why not.
  void accept_held();
  /// Mails under way at that hub go to another, or are put off.
  void go_on_without(const SiteHub& hub);

  /// Sessions are told 421 when their transaction is over, and new ones at once.
  void drain();
  /// From now on sessions are given to `taker` between two mails, if it is not null.
  void give_away_to(IntakeConnection::Taker taker) { taker_ = std::move(taker); }
  /// Those that can be given away are. Those that can not, and have been idle for so long, are told 421.
  void let_go_of_idle(base::Duration at_least);
  /// Clients wait for their greeting.
  [[nodiscard]] bool holds_any() const { return !held_.empty(); }
  /// Closes those that wait for a hub.
  void drop_held() { held_.clear(); }
  /// Lets go of all at once.
  void abort();
  void tick();

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  /// How many are in a transaction.
  [[nodiscard]] std::size_t under_way() const;
  /// Their mails; that of one transaction, if one is named.
  [[nodiscard]] std::vector<mail::TracedMail> mails_under_way(const std::string& transaction) const;
  /// When the oldest of those began; the present if there are none.
  [[nodiscard]] base::TimePoint oldest(base::TimePoint now) const;
  /// How many were turned away since the start.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t rate_refusals() const { return rate_.refused(); }

 private:
  std::shared_ptr<IntakeConnection> begin(ByteChannel::Socket socket, mail::IntakeSettings settings,
                                          const mail::Intake::Beginning& beginning);
  void make_room_for(ByteChannel::Socket& newcomer);
  void make_room_on_link(IntakeConnection& newcomer);
  [[nodiscard]] std::size_t sessions_served() const;
  [[nodiscard]] std::optional<smtp::Reply> refusal() const;
  [[nodiscard]] std::optional<smtp::Reply> refusal_of_user(ByteChannel::Socket& socket) const;
  [[nodiscard]] mail::IntakeSettings intake_settings();
  [[nodiscard]] smtp::Reply reply_421(std::string_view enhanced, const std::string& text) const;

  const SharedBySites& shared_;
  const settings::Site& settings_;
  SiteHubs& hubs_;
  Ended ended_;
  base::Lifetime lifetime_;  // what the sessions call
  policy::RateLimit rate_;
  std::shared_ptr<base::ByteBudget> memory_ =
      std::make_shared<base::ByteBudget>(kMailMemoryBytes, shared_.mail_memory);
  mail::RefusedRecipients refused_recipients_;
  base::ByteBudget compression_{mail::kCompressionBytes};
  mail::Turns turns_;
  IntakeConnection::Taker taker_;          // null: sessions are ours to their end
  std::vector<ByteChannel::Socket> held_;  // accepted in an interruption of the link, not yet greeted
  std::set<std::shared_ptr<IntakeConnection>> sessions_;
  std::list<std::shared_ptr<IntakeConnection>> refused_sessions_;  // of those; told so, not yet gone
  std::uint64_t refused_ = 0;
  bool draining_ = false;
};

}  // namespace tsmtp::net
