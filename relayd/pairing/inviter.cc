#include "relayd/pairing/inviter.h"

#include <algorithm>

namespace tsmtp::pairing {
namespace {

Answer refuse(Why why, std::string detail = {}) {
  return Refusal{.why = why, .detail = std::move(detail)};
}

// The states in which no hub gets in, whatever it knows.
std::optional<Answer> ended(const Invitation& one, const Session& session, const Taken& taken,
                            base::WallTime now) {
  switch (one.state) {
    case State::kOpen:
      if (!one.is_open(now)) return refuse(Why::kExpired);
      return std::nullopt;
    case State::kAccepted:
      if (one.pin != session.joiner_pin) return refuse(Why::kUsed);
      if (!one.is_promised(now)) return refuse(Why::kExpired);
      return std::nullopt;
    case State::kUsed:
      // Its site may be gone again.
      if (one.pin != session.joiner_pin || site_of_key(one.pin, taken) == nullptr) return refuse(Why::kUsed);
      return std::nullopt;
    case State::kWithdrawn:
      return refuse(Why::kWithdrawn);
    case State::kTried:
      return refuse(Why::kTooManyTries);
  }
  return std::nullopt;
}

std::vector<std::string> wanted_domains(const Invitation& one, const Introduction& joiner) {
  if (!joiner.domains.empty()) return joiner.domains;
  std::vector<std::string> all;
  for (const std::string& domain : one.domains) {
    all.push_back(domain);
    const std::string below = '.' + domain;
    if (!domain.starts_with('.') && std::count(one.domains.begin(), one.domains.end(), below) == 0)
      all.push_back(below);
  }
  return all;
}

std::optional<Answer> objection(const Invitation& one, const std::vector<std::string>& domains,
                                const Session& session, const Taken& taken) {
  for (const std::string& domain : domains)
    if (std::none_of(one.domains.begin(), one.domains.end(),
                     [&](const std::string& invited) { return covers(invited, domain); }))
      return refuse(Why::kForeignDomain, domain);
  if (session.joiner_pin == session.inviter_pin) return refuse(Why::kKeyTaken, taken.hub_name);
  if (const settings::Site* const site = site_of_key(session.joiner_pin, taken))
    return refuse(Why::kKeyTaken, site->name);
  if (one.hub_of.empty() && is_name_taken(one.site, taken)) return refuse(Why::kNameTaken, one.site);
  if (!one.hub_of.empty()) {
    const settings::Site* const site = site_of_name(one.hub_of, taken);
    if (site == nullptr) return refuse(Why::kTrouble, "the site of which it becomes a hub is gone");
    if (has_hub(*site, one.site)) return refuse(Why::kNameTaken, one.site);
  }
  if (const auto conflict = conflict_of(domains, without(taken, one.hub_of)))
    return refuse(Why::kDomainTaken, conflict->domain);
  return std::nullopt;
}

Answer offer(const Invitation& one, const std::vector<std::string>& domains, const Taken& taken,
             bool is_final) {
  return Offer{.is_final = is_final,
               .inviter = {.name = taken.is_named ? taken.hub_name : first_label(one.own_domains.front()),
                           .domains = one.own_domains,
                           .dial = {one.dial}},
               .your_domains = domains};
}

}  // namespace

Judgement judge(Invitations& invitations, const Request& request, const Session& session, const Taken& taken,
                const Crypto& crypto, base::WallTime now) {
  Invitation* const one = invitations.find(request.id);
  if (one == nullptr) return {refuse(Why::kUnknown)};
  if (!proves(crypto, one->stored_secret, request.proof, session)) {
    // Nobody learns which ids there are, and whose tries he could use up.
    if (!one->is_open(now)) return {refuse(Why::kUnknown)};
    if (++one->wrong_tries >= kMaxTries) one->state = State::kTried;
    return {refuse(Why::kUnknown), Judgement::Save::kSoon};
  }
  if (is_revoked(session.joiner_pin, taken)) return {refuse(Why::kKeyRevoked)};
  if (const auto answer = ended(*one, session, taken, now)) return {*answer};
  // It has joined before, and the answer was lost.
  if (one->state != State::kOpen) return {offer(*one, one->joiner.domains, taken, request.is_final)};

  const auto domains = checked_domains(wanted_domains(*one, request.joiner));
  if (!domains || !check_addresses(request.joiner.dial) || !is_site_name(request.joiner.name))
    return {refuse(Why::kMalformed, domains ? request.joiner.name : domains.error().message)};
  if (const auto answer = objection(*one, *domains, session, taken)) return {*answer};
  if (!request.is_final) return {offer(*one, *domains, taken, false)};
  one->state = State::kAccepted;
  one->pin = session.joiner_pin;
  one->joiner = request.joiner;
  one->joiner.domains = *domains;
  one->accepted = now;
  return {offer(*one, *domains, taken, true), Judgement::Save::kFirst};
}

base::Result<void> check_size(const Invitation& invitation, const Taken& taken) {
  const auto all = wanted_domains(invitation, {});
  if (all.size() > kMaxDomains)
    return base::Error{std::to_string(all.size()) + " domains, with those below them, are more than the " +
                       std::to_string(kMaxDomains) + " that an invitation can name"};
  if (invitation.own_domains.size() > kMaxDomains)
    return base::Error{
        "this hub has " + std::to_string(invitation.own_domains.size()) +
        " domains of its own, more than the " + std::to_string(kMaxDomains) +
        " that another hub can be told; name some with --own DOMAIN, and add the others to that hub's "
        "file of this site"};
  if (encode(offer(invitation, all, taken, true)).size() > kMaxMessageBytes)
    return base::Error{"the names of the domains are too long to be told to another hub, all together"};
  return {};
}

}  // namespace tsmtp::pairing
