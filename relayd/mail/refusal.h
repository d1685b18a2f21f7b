// The last mail that was refused for good, in words that an administrator can act on: who refused what, and,
// where the reply is one that a missing line of configuration causes, which line.
#pragma once

#include <optional>
#include <string>

#include "relayd/mail/summary.h"

namespace tsmtp::mail {

struct Refusal {
  std::string sender;     ///< without angle brackets
  std::string recipient;  ///< the first that was refused; empty: none was named yet
  smtp::Reply reply;
  std::string advice;  ///< what to do, and where; empty: the reply says it all
};

/// The refusal in it, if the mail or one of its recipients was refused for good. `near` and `far` are the
/// names of the hub where it was handed over and of the one where it was to be delivered.
[[nodiscard]] std::optional<Refusal> refusal_of(const Summary& summary, const std::string& near,
                                                const std::string& far);

}  // namespace tsmtp::mail
