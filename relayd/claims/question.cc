#include "relayd/claims/question.h"

namespace tsmtp::claims {
namespace {

// Each is answered by another value than the one before it; a site's hubs do not write so often.
constexpr int kMostSteps = 8;

}  // namespace

etcd::Transaction Question::step(const Leases& leases) {
  ++steps_;
  const std::string& key = settings_.key;
  const etcd::Get look{.range = {.key = key}};
  const etcd::Put disowned{.key = key,
                           .value = encode(Disowned{.hub = settings_.hub, .since = settings_.now}),
                           .lease = leases.disowned};
  switch (step_) {
    case Step::kLook:
      if (!settings_.disowns_absent) return {.then = {look}};
      return {.when = {{.range = {.key = key}}}, .then = {disowned}, .otherwise = {look}};
    case Step::kDisown:
      return {.when = {{.range = {.key = key}, .value = value_}}, .then = {disowned}, .otherwise = {look}};
    case Step::kResend: {
      const Resent resent{.hub = settings_.hub, .since = settings_.now, .claimed_by = claim_->hub};
      etcd::Transaction transaction{
          .when = {{.range = {.key = key}, .value = value_}},
          .then = {etcd::Put{.key = key, .value = encode(resent), .lease = leases.ended}},
          .otherwise = {look}};
      if (claim_->hub != settings_.hub && !claim_->is_undecided)
        transaction.when.push_back({.range = {.key = settings_.hub_key(claim_->hub)}});
      return transaction;
    }
  }
  return {};
}

bool Question::answered(const etcd::Answer& answer) {
  switch (step_) {
    case Step::kLook:
      if (answer.held && settings_.disowns_absent) return end(Kind::kUnknown);
      break;
    case Step::kDisown:
      if (answer.held) return end(Kind::kUnknown);
      break;
    case Step::kResend:
      if (!answer.held) break;
      resent_ = Resent{.hub = settings_.hub, .since = settings_.now, .claimed_by = claim_->hub};
      return end(Kind::kUnknown);
  }
  return judge(answer);
}

bool Question::judge(const etcd::Answer& answer) {
  claim_.reset();
  value_.clear();
  if (answer.got.empty() || answer.got.front().empty()) {
    if (!settings_.disowns_absent) return end(Kind::kAbsent);
    step_ = Step::kLook;  // it was there a moment ago
    return steps_ >= kMostSteps && end(Kind::kUnreadable);
  }
  value_ = answer.got.front().front().value;
  const auto value = decode(value_);
  if (!value) return end(Kind::kUnreadable);
  if (const auto* ended = std::get_if<Ended>(&*value)) {
    known_ = ended->known;
    return end(Kind::kKnown);
  }
  if (const auto* resent = std::get_if<Resent>(&*value)) {
    resent_ = *resent;
    return end(Kind::kUnknown);
  }
  if (const auto* claim = std::get_if<Claim>(&*value)) return judge_claim(*claim);
  return end(Kind::kUnknown);
}

bool Question::judge_claim(const Claim& claim) {
  claim_ = claim;
  if (claim.hub == settings_.hub) {
    OwnEnd own = settings_.own_end(claim);
    switch (own.kind) {
      case OwnEnd::Kind::kDelivered:
        known_ = std::move(own.known);
        value_.clear();
        return end(Kind::kKnown);
      case OwnEnd::Kind::kUnderWay:
        return end(Kind::kPending);
      case OwnEnd::Kind::kNotDelivered:
        step_ = Step::kDisown;
        return steps_ >= kMostSteps && end(Kind::kPending);
      case OwnEnd::Kind::kUndecided:
        claim_->is_undecided = true;
        break;
    }
  }
  if (!may_be_given_up(*claim_)) return end(Kind::kPending);
  has_tried_resend_ = true;
  step_ = Step::kResend;
  return false;
}

bool Question::may_be_given_up(const Claim& claim) const {
  return !has_tried_resend_ && settings_.resends_before && claim.since <= *settings_.resends_before;
}

bool Question::end(Kind kind) {
  kind_ = kind;
  return true;
}

}  // namespace tsmtp::claims
