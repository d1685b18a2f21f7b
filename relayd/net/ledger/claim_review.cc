#include "relayd/net/ledger/claim_review.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr std::int64_t kPageKeys = 500;

}  // namespace

void ClaimReview::tick(base::TimePoint now) {
  if (is_looking_ || means_.outcomes.trouble()) return;
  const bool has_gone = means_.hubs.times_gone() != times_gone_;
  const base::Duration interval = waiting_ > 0 ? base::Duration(kIntervalInTrouble) : kInterval;
  if (looked_ && !has_gone && now - *looked_ < interval) return;
  looked_ = now;
  times_gone_ = means_.hubs.times_gone();
  is_looking_ = true;
  look([this](const Seen& seen) {
    is_looking_ = false;
    if (seen.failure) looked_.reset();
  });
}

void ClaimReview::look(Done done) {
  read_on(std::make_shared<Look>(Look{.seen = {}, .done = std::move(done), .after = {}}));
}

void ClaimReview::read_on(const std::shared_ptr<Look>& look) {
  const etcd::Get page{.range = means_.outcomes.keys().transactions(look->after), .limit = kPageKeys};
  means_.store.submit({.then = {page}}, lifetime_.guard([this, look](const etcd::Result& result) {
    if (!result) {
      look->seen.failure = result.error().cause;
      return look->done(look->seen);
    }
    static const std::vector<etcd::KeyValue> nothing;
    const auto& rows = result->got.empty() ? nothing : result->got.front();
    for (const etcd::KeyValue& row : rows)
      note(*look, row);
    if (static_cast<std::int64_t>(rows.size()) >= kPageKeys) {
      look->after = rows.back().key;
      return read_on(look);
    }
    ended(look->seen);
    look->done(look->seen);
  }));
}

void ClaimReview::note(Look& look, const etcd::KeyValue& row) {
  const auto name = means_.outcomes.keys().name_in(row.key);
  const auto value = claims::decode(row.value);
  if (!name || !value) return;
  if (const auto* resent = std::get_if<claims::Resent>(&*value)) {
    const bool was_ours = resent->claimed_by == means_.hub && told_.size() < kMostKept;
    const claims::Claim ours{.hub = means_.hub, .memory = {}, .since = resent->since};
    if (was_ours && means_.own_end(*name, ours).kind == claims::OwnEnd::Kind::kDelivered &&
        told_.insert(row.key).second)
      means_.log.log(base::LogLevel::kWarning,
                     name->site + ": mail " + base::hex(name->transaction).substr(0, 12) +
                         ": our MTA had taken it before hub " + base::escaped(resent->hub) +
                         " let it be delivered anew; it came twice");
    return;
  }
  const auto* claim = std::get_if<claims::Claim>(&*value);
  if (claim == nullptr) return;
  StandingClaim standing{.name = *name, .claim = *claim, .state = StandingClaim::State::kUnderWay};
  if (claim->is_undecided)
    standing.state = StandingClaim::State::kUndecided;
  else if (claim->hub != means_.hub && means_.hubs.is_away(claim->hub))
    standing.state = StandingClaim::State::kAway;
  if (claim->hub == means_.hub && settle(*name, row.value, standing)) return;
  ++look.seen.total;
  if (look.seen.claims.size() < kMostKept) look.seen.claims.push_back(std::move(standing));
}

// Whether it is settled.
bool ClaimReview::settle(const claims::Name& name, const std::string& bytes, StandingClaim& standing) {
  claims::OwnEnd end = means_.own_end(name, standing.claim);
  switch (end.kind) {
    case claims::OwnEnd::Kind::kUnderWay:
      return false;
    case claims::OwnEnd::Kind::kDelivered:
      means_.outcomes.end_earlier(name, standing.claim, end.known);
      return true;
    case claims::OwnEnd::Kind::kNotDelivered:
      means_.outcomes.operations().insist(
          std::make_shared<claims::Replacing>(means_.outcomes.keys().transaction(name), bytes,
                                              claims::Disowned{.hub = means_.hub, .since = wall_now()}),
          {});
      return true;
    case claims::OwnEnd::Kind::kUndecided:
      if (!standing.claim.is_undecided) {
        means_.log.log(base::LogLevel::kWarning,
                       name.site + ": mail " + base::hex(name.transaction).substr(0, 12) +
                           ": whether our MTA took it before this hub went down is not known; it waits, see "
                           "relayctl claims");
        means_.outcomes.cannot_tell(name, {});
      }
      standing.state = StandingClaim::State::kUndecided;
      return false;
  }
  return false;
}

void ClaimReview::ended(const Seen& seen) {
  waiting_ = 0;
  oldest_waiting_.reset();
  for (const StandingClaim& claim : seen.claims) {
    if (claim.state == StandingClaim::State::kUnderWay) continue;
    ++waiting_;
    oldest_waiting_ = std::min(oldest_waiting_.value_or(claim.claim.since), claim.claim.since);
  }
}

claims::Value ClaimReview::value_of(Decision decision) const {
  if (decision == Decision::kResend) return claims::Disowned{.hub = means_.hub, .since = wall_now()};
  const mail::Outcome said{
      .kind = mail::Outcome::Kind::kKnown,
      .reply = smtp::make_reply(250, "2.0.0", means_.hub + ": delivered, as an administrator has found out")};
  return claims::Ended{.hub = means_.hub, .known = mail::encode_known(said)};
}

void ClaimReview::resolve(const StandingClaim& claim, Decision decision,
                          std::function<void(const base::Result<bool>&)> done) {
  claims::Value value = value_of(decision);
  // Whose it was stays known: if that hub comes back and had delivered it, it says that it came twice.
  if (decision == Decision::kResend)
    value = claims::Resent{.hub = means_.hub, .since = wall_now(), .claimed_by = claim.claim.hub};
  auto replacing = std::make_shared<claims::Replacing>(means_.outcomes.keys().transaction(claim.name),
                                                       claims::encode(claim.claim), value);
  means_.outcomes.operations().run(replacing, [replacing, done = std::move(done)](const auto& failure) {
    if (failure) return done(base::Error{failure->cause});
    done(replacing->is_done());
  });
}

void ClaimReview::resolve_absent(const claims::Name& name, Decision decision,
                                 std::function<void(const base::Result<bool>&)> done) {
  auto replacing = std::make_shared<claims::Replacing>(means_.outcomes.keys().transaction(name),
                                                       std::string(), value_of(decision));
  means_.outcomes.operations().run(replacing, [replacing, done = std::move(done)](const auto& failure) {
    if (failure) return done(base::Error{failure->cause});
    done(replacing->is_done());
  });
}

}  // namespace tsmtp::net
