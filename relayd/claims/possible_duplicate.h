// A mail that is delivered anew though a hub that is lost may have delivered it: on_lost_hub = "resend".
// Plain data.
#pragma once

#include "relayd/claims/keys.h"
#include "relayd/claims/value.h"

namespace tsmtp::claims {

struct PossibleDuplicate {
  Name name;
  Resent resent;
};

}  // namespace tsmtp::claims
