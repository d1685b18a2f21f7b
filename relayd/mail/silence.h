// That a transaction on the far side waits for its near side, and for nothing else: a client there that has
// begun a mail, and says nothing more, looks like that.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::mail {

struct Silence {
  base::TimePoint since;
  base::Duration patience;  ///< no longer than this, and it says nothing of the client
};

}  // namespace tsmtp::mail
