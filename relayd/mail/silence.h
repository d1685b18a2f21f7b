// That a transaction on the far side waits for its near side, and for nothing else: a client there that has
// begun a mail, and says nothing more, looks like that. One that says a byte now and then is no better: what
// it was waited for adds up, less a second for each so many bytes.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::mail {

struct Silence {
  base::TimePoint since;    ///< earlier than the last byte by what was waited for before
  base::Duration patience;  ///< no longer than this, and it says nothing of the client
};

}  // namespace tsmtp::mail
