// The inviter's half of pairing: the answer to a request. A hub that has joined gets the same answer however
// often it asks, so that a retry completes a pairing that a cut has interrupted. Any other hub gets nothing.
#pragma once

#include <functional>

#include "relayd/pairing/crypto.h"
#include "relayd/pairing/introductions.h"
#include "relayd/pairing/invitations.h"
#include "relayd/pairing/message.h"
#include "relayd/pairing/secret.h"

namespace tsmtp::pairing {

struct Judgement {
  enum class Save {
    kNothing,  ///< the book has not changed
    kSoon,  ///< whenever there is time; how long an answer takes must not tell that a wrong proof was counted
    kFirst,  ///< before the answer goes out
  };

  Answer answer;
  Save save = Save::kNothing;
};

/// `session.joiner_pin` is the key that the joiner has shown in this TLS session.
[[nodiscard]] Judgement judge(Invitations& invitations, const Request& request, const Session& session,
                              const Taken& taken, const Crypto& crypto, base::WallTime now);

/// Whether a hub that joins by this invitation can read what it is told.
[[nodiscard]] base::Result<void> check_size(const Invitation& invitation, const Taken& taken);

}  // namespace tsmtp::pairing
