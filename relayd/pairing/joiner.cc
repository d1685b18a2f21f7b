#include "relayd/pairing/joiner.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::pairing {
namespace {

std::string in_quotes(std::string_view text) {
  return '"' + base::escaped(text, 100) + '"';
}

// Two hubs may both be called "mail"; then the domain says which one it is.
std::string name_for(const Introduction& hub, const Taken& taken) {
  if (!is_name_taken(hub.name, taken) || hub.domains.empty()) return hub.name;
  const std::string label = first_label(hub.domains.front());
  return is_site_name(label) && !is_name_taken(label, taken) ? label : hub.name;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Recipients are accepted for these from the other hub, which must not be the one to say which (P3).
base::Result<std::vector<std::string>> checked_local(const Offer& offer, const Wishes& wishes,
                                                     const std::vector<std::string>& its_own,
                                                     const Taken& taken) {
  auto local = checked_domains(offer.your_domains);
  if (!local)
    return base::Error{"the other hub names a domain of ours that is none: " + local.error().message};
  for (const std::string& domain : *local) {
    if (!wishes.own_domains.empty() && !contains(wishes.own_domains, domain))
      return base::Error{"the other hub takes " + in_quotes(domain) +
                         " for a domain of this hub, which has not said so: say --own as when this line was "
                         "used first, or ask for a new one (`relayctl invite` there)"};
    if (contains(its_own, domain))
      return base::Error{"the other hub says that " + in_quotes(domain) +
                         " is its own domain and this hub's; only one of the two can have it"};
  }
  if (!wishes.own_domains.empty()) return local;
  const Taken others{.hub_name = {}, .own_domains = {}, .sites = taken.sites};
  if (const auto conflict = conflict_of(*local, others))
    return base::Error{"the other hub takes " + in_quotes(conflict->domain) +
                       " for a domain of this hub, and it is that of " + conflict->owner +
                       " here; name the right ones with --own DOMAIN"};
  return local;
}

}  // namespace

const settings::Site* site_of_token(const Token& token, const Taken& taken) {
  for (const settings::Site& site : taken.sites)
    for (const std::string& pin : site.pins())
      if (token.is_for(pin)) return &site;
  return nullptr;
}

namespace {

// Who stands in for a site's hubs has the same domains, and no others.
base::Result<void> check_hub_of(const Offer& offer, const std::string& name, const Wishes& wishes,
                                const std::vector<std::string>& domains, const Taken& taken) {
  const settings::Site* const site = site_of_name(wishes.hub_of, taken);
  if (site == nullptr)
    return base::Error{"there is no site " + in_quotes(wishes.hub_of) +
                       " here; `relayctl status` lists them"};
  if (has_hub(*site, name))
    return base::Error{"site " + site->name + " has a hub " + in_quotes(name) +
                       " already; give this one another name with --name NAME"};
  for (const std::string& domain : domains)
    if (!contains(site->rules.domains.patterns(), domain))
      return base::Error{"the other hub, " + in_quotes(offer.inviter.name) + ", says that " +
                         in_quotes(domain) + " is its domain, which is none of site " + site->name +
                         " here; it is a hub of that site only if it has the same"};
  return {};
}

}  // namespace

base::Result<NewSite> site_of(const Offered& offered, const Wishes& wishes, const Taken& taken) {
  const Offer& offer = offered.offer;
  const std::string name = !wishes.site.empty()     ? wishes.site
                           : !wishes.hub_of.empty() ? offer.inviter.name  // other sites' names are none of it
                                                    : name_for(offer.inviter, taken);
  if (!is_site_name(name))
    return base::Error{"the other hub calls itself " + in_quotes(name) +
                       ", which is no name for a site; give it one with --name NAME"};
  if (wishes.hub_of.empty() && is_name_taken(name, taken))
    return base::Error{"the name " + in_quotes(name) + " is already that of " +
                       (name == taken.hub_name ? "this hub" : "another site") +
                       "; give the new one another with "
                       "--name NAME"};
  auto domains = checked_domains(offer.inviter.domains);
  if (!domains)
    return base::Error{"the other hub says that it has a domain that is none: " + domains.error().message};
  if (!wishes.hub_of.empty())
    if (auto ok = check_hub_of(offer, name, wishes, *domains, taken); !ok) return ok.error();
  const Taken others = without(taken, wishes.hub_of);
  if (const auto conflict = conflict_of(*domains, others))
    return base::Error{"the other hub says that " + in_quotes(conflict->domain) +
                       " is its domain, which is that of " + conflict->owner +
                       " here; one of the two must give it up"};
  auto local = checked_local(offer, wishes, *domains, others);
  if (!local) return local.error();
  return NewSite{.name = name,
                 .hub_of = wishes.hub_of,
                 .peer = is_site_name(offer.inviter.name) ? offer.inviter.name : name,
                 .pin = offered.inviter_pin,
                 .dial = {offered.dial.to_string()},
                 .domains = std::move(*domains),
                 .local = std::move(*local)};
}

std::string refusal_text(const Refusal& refusal) {
  const std::string detail = in_quotes(refusal.detail);
  switch (refusal.why) {
    case Why::kUnknown:
    case Why::kWrongSecret:
      return "the other hub does not know this invitation, which may have ended some time ago; ask for a new "
             "one (`relayctl invite` there)";
    case Why::kTooManyTries:
      return "the invitation was tried with ten wrong secrets, and is of no use any more: somebody guesses, "
             "and "
             "the log there says from where. Ask for a new one (`relayctl invite` there)";
    case Why::kExpired:
      return "the invitation has expired, by the clock of the other hub; ask for a new one (`relayctl "
             "invite` there)";
    case Why::kUsed:
      return "the invitation was used already, by another key than this hub's. If that was not another hub "
             "of "
             "yours, somebody has seen the line: look at `relayctl invitations` there, remove that site, and "
             "ask "
             "for a new invitation";
    case Why::kWithdrawn:
      return "the invitation was withdrawn; ask for a new one (`relayctl invite` there)";
    case Why::kForeignDomain:
      return "the invitation is not for " + detail +
             ", which this hub says is its domain; name the right ones with --own DOMAIN, or ask for an "
             "invitation "
             "that names it";
    case Why::kDomainTaken:
      return "the domain " + detail +
             " is already one of another site's, or its own, at the other hub; name the right ones with "
             "--own "
             "DOMAIN, or take it from that site first";
    case Why::kNameTaken:
      return "the other hub has a site " + detail +
             " already, the name that the invitation gives this hub; it must be removed there, or an "
             "invitation made "
             "with another name";
    case Why::kKeyTaken:
      return "the key of this hub is known at the other hub already, as " + detail +
             "; remove that site there to pair anew. If that is another machine, both have the same identity "
             "file "
             "(one is a clone, perhaps): move it away on one of them, say `relayctl init`, and restart "
             "relayd";
    case Why::kKeyRevoked:
      return "the key of this hub is revoked at the other hub, for good. If it is to have a new one: say "
             "`relayctl rotate --compromised`, and join by the same line";
    case Why::kMalformed:
      return "the other hub does not understand what this one says of itself: " + detail;
    case Why::kTrouble:
      break;
  }
  return "the other hub has trouble of its own (" + detail +
         "), of which its log says more; nothing is changed. The same line can be used again";
}

}  // namespace tsmtp::pairing
