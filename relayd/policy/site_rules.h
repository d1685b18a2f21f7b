// What a site may send and receive (P3): envelope in, verdict out. The near side asks before a mail enters
// the link; the far side trusts nobody and asks again before its MTA sees anything. Each function returns the
// reply that refuses, or nothing where the mail may pass. Replies name the site and the cause, never content.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/settings/site.h"
#include "relayd/smtp/command.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::policy {

/// Near side: is the recipient behind the site? An address literal never is.
[[nodiscard]] std::optional<smtp::Reply> check_outgoing_recipient(const settings::Rules& rules,
                                                                  std::string_view site,
                                                                  const smtp::Path& recipient);

/// Far side: may the site send in this name? The null sender of bounces may pass (RFC 5321 section 4.5.5),
/// and so may one without domain (<root>): what that means, our MTA decides.
[[nodiscard]] std::optional<smtp::Reply> check_incoming_sender(const settings::Rules& rules,
                                                               std::string_view site,
                                                               const smtp::Path& sender);

/// Far side: is the recipient ours? Without domain only <postmaster> is (RFC 5321 section 4.5.1). Source
/// routes and addresses within addresses (user%dom@here, "user@dom"@here, dom!user@here) are refused,
/// wherever they seem to end: they ask our MTA to send the mail on.
[[nodiscard]] std::optional<smtp::Reply> check_incoming_recipient(const settings::Rules& rules,
                                                                  std::string_view site,
                                                                  const smtp::Path& recipient);

/// Either side: a message's size as declared by SIZE (RFC 1870), or as counted.
[[nodiscard]] std::optional<smtp::Reply> check_size(const settings::Rules& rules, std::string_view site,
                                                    std::uint64_t message_bytes);

}  // namespace tsmtp::policy
