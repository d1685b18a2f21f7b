// What a site may send and receive (P3): envelope in, verdict out. The near side asks before a mail enters
// the link; the far side trusts nobody and asks again before its MTA sees anything. Each function returns the
// reply that refuses, or nothing where the mail may pass. Replies name the site and the cause, never content.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/base/domain.h"
#include "relayd/smtp/command.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::policy {

/// The rules of one site, as the configuration states them.
struct SiteRules {
  base::DomainSet domains;  ///< behind the site: recipients accepted for it, senders accepted from it
  base::DomainSet local;    ///< recipients accepted from it
  std::uint64_t max_message_bytes = 0;  ///< 0: no limit
  bool any_sender = false;              ///< lists and forwards there carry foreign senders
};

/// Near side: is the recipient behind the site? An address literal never is.
[[nodiscard]] std::optional<smtp::Reply> check_outgoing_recipient(const SiteRules& rules,
                                                                  std::string_view site,
                                                                  const smtp::Path& recipient);

/// Far side: may the site send in this name? The null sender of bounces may pass (RFC 5321 section 4.5.5),
/// and so may one without domain (<root>): what that means, our MTA decides.
[[nodiscard]] std::optional<smtp::Reply> check_incoming_sender(const SiteRules& rules, std::string_view site,
                                                               const smtp::Path& sender);

/// Far side: is the recipient ours? Without domain only <postmaster> is (RFC 5321 section 4.5.1). Source
/// routes and addresses within addresses (user%dom@here, "user@dom"@here, dom!user@here) are refused,
/// wherever they seem to end: they ask our MTA to send the mail on.
[[nodiscard]] std::optional<smtp::Reply> check_incoming_recipient(const SiteRules& rules,
                                                                  std::string_view site,
                                                                  const smtp::Path& recipient);

/// Either side: a message's size as declared by SIZE (RFC 1870), or as counted.
[[nodiscard]] std::optional<smtp::Reply> check_size(const SiteRules& rules, std::string_view site,
                                                    std::uint64_t message_bytes);

}  // namespace tsmtp::policy
