// A session of our MTA between two mails, on its way from one relayd of this hub to the one that takes over
// from it (docs/decisions/upgrade.md). Its socket goes beside it.
#pragma once

#include <optional>
#include <string>

#include "relayd/smtp/extensions.h"
#include "relayd/smtp/server_session.h"

namespace tsmtp::net {

struct RestingSession {
  smtp::Resting dialogue;
  smtp::Extensions announced;  ///< what its client was offered

  friend bool operator==(const RestingSession&, const RestingSession&) = default;
};

/// Less than 900 bytes of one that can be told.
[[nodiscard]] std::string to_text(const RestingSession& session);
/// Not one whose client calls itself by a name that no host has (RFC 5321, section 4.5.3.1.2: 255 octets).
[[nodiscard]] bool can_be_told(const smtp::Resting& dialogue);
/// Nothing if the text is none of to_text().
[[nodiscard]] std::optional<RestingSession> resting_session_in(const std::string& text);

}  // namespace tsmtp::net
