// Asks a site whether it would take a mail: what its relayd's rules and its MTA answer to MAIL and RCPT. No
// content is ever sent, so nothing is delivered; the transaction is given up as one is whose client went
// away.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "relayd/net/link_question.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::net {

/// Addresses without angle brackets; no sender is that of bounces.
struct ProbeQuestion {
  std::string sender;
  std::string recipient;
};

struct Probed {
  std::optional<smtp::Reply> mail{};
  std::optional<smtp::Reply> recipient{};
  std::string trouble{};  ///< why one of them is missing
};

/// Calls `done` as LinkQuestion::ask() does.
void probe_recipient(const SharedBySites& shared, SiteLink& link, const ProbeQuestion& question,
                     std::function<void(const Probed&)> done);

}  // namespace tsmtp::net
