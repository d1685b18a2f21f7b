// What becomes of mail that a value of the table answers for: the last word of `mailertable resolve`.
#pragma once

#include <string>
#include <string_view>

#include "mailertable/hub/mailers.h"

namespace tsmtp::mailertable {

struct Fate {
  enum class Kind {
    kTunnel,   ///< handed to relayd, or to where the value says relayd is
    kInClear,  ///< sent to a host by SMTP
    kLocal,
    kBounced,
    kDeferred,
    kDiscarded,
    kOther,  ///< a mailer of which no more is known
  };
  Kind kind;
  std::string text;  ///< a sentence without full stop, for an administrator
};

/// `value` as a lookup returned it, with its %1 filled in, holding a mailer or not.
[[nodiscard]] Fate fate_of(std::string_view value, const Mailers& mailers);

/// "tunnel", "in clear", "local", "bounced", "deferred", "discarded", "other".
[[nodiscard]] std::string_view name_of(Fate::Kind kind);

}  // namespace tsmtp::mailertable
