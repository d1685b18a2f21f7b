// Whether digest.key is still the key that the ledger's digests were made with. Lost or replaced, it makes
// every mail in doubt unrecognisable, which nothing else would show.
#pragma once

#include <string>

#include "relayd/base/keyed_digest.h"

namespace tsmtp::daemon {

/// True if DIR/digest.check was written under another key. From then on the present one is the right one.
[[nodiscard]] bool is_another_key(const std::string& dir, const base::DigestMaker& digests);

}  // namespace tsmtp::daemon
