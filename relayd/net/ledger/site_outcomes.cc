#include "relayd/net/ledger/site_outcomes.h"

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"
#include "relayd/smtp/shown_cause.h"

namespace tsmtp::net {
namespace {

using State = OpenClaim::State;

// etcd takes 128 operations in a request, and others want some of them.
constexpr std::size_t kForgottenTogether = 40;

// As relayctl shows it.
std::string short_id(const claims::Name& name) {
  return base::hex(name.transaction).substr(0, 12);
}

mail::Outcome pending(std::string reason) {
  return {.kind = mail::Outcome::Kind::kPending, .reply = {}, .refused = {}, .reason = std::move(reason)};
}

}  // namespace

SiteOutcomes::SiteOutcomes(Means means)
    : means_(std::move(means)), keys_(means_.settings.prefix), operations_(means_.store) {}

std::unique_ptr<OpenClaim> SiteOutcomes::claim(claims::Name name, bool is_witnessed,
                                               OpenClaim::Claimed claimed) {
  auto standing =
      std::make_shared<OpenClaim::Standing>(OpenClaim::Standing{.name = std::move(name),
                                                                .claim = {.hub = means_.hub,
                                                                          .memory = means_.memory,
                                                                          .since = wall_now(),
                                                                          .number = ++last_number_,
                                                                          .is_witnessed = is_witnessed}});
  ++counts_.open;
  auto open = std::make_unique<OpenClaim>(
      standing, lifetime_.guard([this](OpenClaim::Standing& left) { give_up(left); }));
  if (trouble() && !is_put_off()) {  // nobody waits for an etcd that is known not to answer
    standing->state = State::kWithout;
    ++counts_.without_etcd;
    log(base::LogLevel::kWarning, standing->name, "goes on without etcd: " + trouble()->cause);
    return open;
  }
  auto claiming = std::make_shared<claims::Claiming>(keys_.transaction(standing->name), standing->claim);
  operations_.run(claiming, [this, standing, claiming, tell = std::move(claimed)](const auto& failure) {
    this->claimed(*standing, *claiming, failure, tell);
  });
  return open;
}

void SiteOutcomes::claimed(OpenClaim::Standing& claim, const claims::Claiming& claiming,
                           const std::optional<etcd::Failure>& failure, const OpenClaim::Claimed& tell) {
  std::optional<smtp::Reply> refusal;
  if (failure) {
    refusal = not_claimed(claim, *failure);
  } else if (claiming.is_ours()) {
    claim.state = State::kOurs;
  } else {
    claim.state = State::kNone;
    const auto& found = claiming.found();
    const bool is_given_up = found && (std::holds_alternative<claims::Disowned>(*found) ||
                                       std::holds_alternative<claims::Resent>(*found));
    refusal = is_given_up
                  ? reply("4.4.2", "this try was given up; it has been said that it is not known here")
                  : reply("4.3.0", "this try was taken by a hub before, or etcd has what cannot be read");
  }
  if (claim.is_given_up) return give_up(claim);
  tell(refusal);
}

std::optional<smtp::Reply> SiteOutcomes::not_claimed(OpenClaim::Standing& claim,
                                                     const etcd::Failure& failure) {
  if (is_put_off() || claim.is_given_up) {
    claim.state = failure.may_be_done ? State::kUnsure : State::kNone;
    return reply("4.3.0", smtp::shown_cause(failure.cause, means_.hub.size() + 12));
  }
  claim.state = State::kWithout;
  ++counts_.without_etcd;
  log(base::LogLevel::kWarning, claim.name, "goes on without etcd: " + failure.cause);
  return {};
}

// Whoever asks another hub for it meanwhile hears that it is pending. With on_engine_loss = local what nobody
// has claimed may have been delivered, so there something must say that it was not.
void SiteOutcomes::give_up(OpenClaim::Standing& claim) {
  using Way = claims::Withdrawing::Way;
  if (claim.state == State::kAsked) {
    claim.is_given_up = true;
    return;
  }
  --counts_.open;
  if (claim.state == State::kNone) return;
  const bool is_clear = claim.state == State::kOurs && is_put_off();
  operations_.insist(
      std::make_shared<claims::Withdrawing>(keys_.transaction(claim.name), claim.claim,
                                            claims::Disowned{.hub = means_.hub, .since = wall_now()},
                                            is_clear ? Way::kForget : Way::kDisown),
      {});
}

void SiteOutcomes::end(OpenClaim& open, const std::string& known, std::function<void(bool)> written) {
  const auto claim = open.leave();
  --counts_.open;
  auto ending = std::make_shared<claims::Ending>(keys_.transaction(claim->name), claim->claim,
                                                 claims::Ended{.hub = means_.hub, .known = known});
  operations_.insist(
      ending,
      [this, ending, claim] {
        if (const auto& value = ending->contradicted();
            value && !std::holds_alternative<claims::Claim>(*value))
          log(base::LogLevel::kWarning, claim->name,
              "was delivered here, after another hub or an administrator gave it up; it may come twice");
      },
      [written = std::move(written)](const auto& failure) { written(!failure); });
}

void SiteOutcomes::end_earlier(const claims::Name& name, const claims::Claim& claim,
                               const std::string& known) {
  operations_.insist(std::make_shared<claims::Ending>(keys_.transaction(name), claim,
                                                      claims::Ended{.hub = means_.hub, .known = known}),
                     {});
}

void SiteOutcomes::cannot_tell(const claims::Name& name, std::function<void()> done) {
  operations_.insist(std::make_shared<claims::Doubting>(keys_.transaction(name), means_.hub),
                     std::move(done));
}

void SiteOutcomes::ask(const claims::Name& name, mail::Ask::Went went, Told told) {
  const bool gives_up = means_.settings.on_lost_hub == settings::OnLostHub::kResend;
  const base::WallTime now = wall_now();
  claims::Question::Settings settings{
      .key = keys_.transaction(name),
      .hub = means_.hub,
      .now = now,
      .disowns_absent = are_all_claimed() || went == mail::Ask::Went::kToThisOne,
      .resends_before = gives_up ? std::optional(now - means_.settings.resend_after) : std::nullopt,
      .own_end = [this, name](const claims::Claim& claim) { return callbacks_.own_end(name, claim); },
      .hub_key = [this](const std::string& hub) { return keys_.hub(hub); }};
  auto question = std::make_shared<claims::Question>(std::move(settings));
  operations_.run(question, [this, name, question, told = std::move(told)](const auto& failure) {
    if (failure) return told(pending(failure_text(failure->cause)), {});
    answered(name, *question, told);
  });
}

void SiteOutcomes::answered(const claims::Name& name, const claims::Question& question, const Told& told) {
  switch (question.kind()) {
    case claims::Question::Kind::kUnknown:
      if (question.resent()) {
        ++counts_.resent;
        log(base::LogLevel::kWarning, name,
            "hub " + question.resent()->claimed_by +
                " took it and is lost; it is delivered anew, and may come twice");
        if (callbacks_.may_come_twice)
          callbacks_.may_come_twice({.name = name, .resent = *question.resent()});
      }
      return told({}, {});
    case claims::Question::Kind::kKnown: {
      if (question.value().empty() && question.claim())
        end_earlier(name, *question.claim(), question.known());
      auto known = mail::decode_known(question.known());
      if (!known) return told(pending("etcd has an outcome of it that cannot be read"), {});
      return told(*known, question.value());
    }
    case claims::Question::Kind::kPending:
      return told(pending(question.claim() ? pending_reason(*question.claim()) : ""), {});
    case claims::Question::Kind::kAbsent:
      return told(pending("no hub has said in etcd that it took it; the one that it went to knows more"), {});
    case claims::Question::Kind::kUnreadable:
      return told(pending("what etcd has of it cannot be read"), {});
  }
}

// The first hundred characters of a reply are all that mailq shows.
std::string SiteOutcomes::pending_reason(const claims::Claim& claim) const {
  const std::string took = "hub " + claim.hub + " took it at " + base::time_of_day(claim.since, wall_now());
  if (claim.is_undecided) return took + " and cannot tell how it ended; see relayctl claims";
  const std::string away = callbacks_.away ? callbacks_.away(claim.hub) : "";
  if (claim.hub == means_.hub && away.empty()) return {};
  return took + " and has not said how it ended" + (away.empty() ? "" : "; " + away);
}

void SiteOutcomes::settled(const claims::Name& name, const std::string& value) {
  to_forget_[keys_.transaction(name)] = value;
  if (to_forget_.size() >= kForgottenTogether) forget();
}

// Nobody waits for it, and where it fails a lease ends some day. One that is another by now, which is rare,
// does not keep the others there.
void SiteOutcomes::forget() {
  if (to_forget_.empty()) return;
  const auto all = std::make_shared<claims::Forgetting>(std::exchange(to_forget_, {}));
  operations_.run(all, [this, all](const auto& failure) {
    if (failure || all->is_done()) return;
    for (const auto& [key, value] : all->outcomes())
      operations_.run(std::make_shared<claims::Replacing>(key, value, std::nullopt), [](const auto&) {});
  });
}

void SiteOutcomes::tick(base::TimePoint now) {
  forget();
  operations_.tick(now);
}

std::string SiteOutcomes::own_value(const std::string& known) const {
  return claims::encode(claims::Ended{.hub = means_.hub, .known = known});
}

std::optional<std::string> SiteOutcomes::refusal() const {
  if (!is_put_off() || !trouble()) return std::nullopt;
  return "hub " + means_.hub + ": " + failure_text(trouble()->cause);
}

std::string SiteOutcomes::failure_text(const std::string& cause) const {
  const std::string since = trouble() ? ", since " + base::time_of_day(trouble()->since, wall_now()) : "";
  return base::escaped(cause) + since;
}

SiteOutcomes::Counts SiteOutcomes::counts() const {
  Counts counts = counts_;
  counts.to_write = operations_.insisted();
  return counts;
}

smtp::Reply SiteOutcomes::reply(std::string_view enhanced, const std::string& text) const {
  return smtp::make_reply(451, enhanced, means_.hub + ": " + text);
}

void SiteOutcomes::log(base::LogLevel level, const claims::Name& name, const std::string& text) {
  means_.log.log_provoked(base::Provoked::kTrouble, name.site, level,
                          name.site + ": mail " + short_id(name) + ": " + text);
}

}  // namespace tsmtp::net
