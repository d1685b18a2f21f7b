#include "relayd/policy/site_rules.h"

#include <string>

#include "relayd/base/bytes.h"

namespace tsmtp::policy {
namespace {

constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kShownDomains = 5;

smtp::Reply refusal(std::string_view site, const smtp::Path& path, std::string_view why) {
  return smtp::make_reply(
      550, "5.7.1",
      std::string(site) + ": <" + base::escaped(path.text, kShownBytes) + "> " + std::string(why));
}

bool is_address_literal(const smtp::Path& path) {
  return path.domain.starts_with('[');
}

// "a, b and 3 more"; a reply is one line, and a site may have hundreds.
std::string listed(const base::DomainSet& domains) {
  const auto& patterns = domains.patterns();
  if (patterns.empty()) return "none";
  std::string out;
  for (std::size_t i = 0; i < patterns.size() && i < kShownDomains; ++i)
    out += (i > 0 ? ", " : "") + patterns[i];
  if (patterns.size() > kShownDomains)
    out += " and " + std::to_string(patterns.size() - kShownDomains) + " more";
  return out;
}

// RFC 5321 section 4.5.1: whoever takes mail at all takes it for <postmaster>, without a domain.
bool is_postmaster(const smtp::Path& path) {
  return path.domain.empty() && base::ascii_lower(path.local_part) == "postmaster";
}

// A second address in the first: %, ! and :: route, a quoted @ hides one.
bool holds_another_address(const smtp::Path& path) {
  return path.text.starts_with('@') || path.local_part.find_first_of("%!@:") != std::string::npos;
}

}  // namespace

std::optional<smtp::Reply> check_outgoing_recipient(const settings::Rules& rules, std::string_view site,
                                                    const smtp::Path& recipient) {
  if (is_address_literal(recipient))
    return refusal(site, recipient, "is an address literal, which is not carried to this site");
  if (rules.domains.contains(recipient.domain) || is_postmaster(recipient)) return std::nullopt;
  return refusal(site, recipient, "is not behind this site; its domains are " + listed(rules.domains));
}

std::optional<smtp::Reply> check_incoming_sender(const settings::Rules& rules, std::string_view site,
                                                 const smtp::Path& sender) {
  if (rules.any_sender || sender.domain.empty() || rules.domains.contains(sender.domain)) return std::nullopt;
  return refusal(site, sender, "is not a sender of this site; its domains are " + listed(rules.domains));
}

std::optional<smtp::Reply> check_incoming_recipient(const settings::Rules& rules, std::string_view site,
                                                    const smtp::Path& recipient) {
  if (holds_another_address(recipient))
    return refusal(site, recipient, "holds a route to another address, which is not accepted from this site");
  if (is_address_literal(recipient))
    return refusal(site, recipient, "is an address literal, which is not accepted from this site");
  if (is_postmaster(recipient)) return std::nullopt;
  if (recipient.domain.empty()) return refusal(site, recipient, "has no domain");
  if (rules.local.contains(recipient.domain)) return std::nullopt;
  return refusal(site, recipient, "is not local here; accepted from this site are " + listed(rules.local));
}

std::optional<smtp::Reply> check_size(const settings::Rules& rules, std::string_view site,
                                      std::uint64_t message_bytes) {
  if (rules.max_message_bytes == 0 || message_bytes <= rules.max_message_bytes) return std::nullopt;
  return smtp::make_reply(552, "5.3.4",
                          std::string(site) + ": message of " + std::to_string(message_bytes) +
                              " bytes is over the limit of " + std::to_string(rules.max_message_bytes));
}

}  // namespace tsmtp::policy
