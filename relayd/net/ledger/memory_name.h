// A name for what this hub remembers of its commits: the same as long as nothing of it can have been lost. It
// is another one after a boot, for the book of commits is never synced; and in another state_dir.
#pragma once

#include <string>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// Of claims::kMemoryBytes, kept in `state_dir`; a new one if `is_lost`: rows of the ledger are missing.
/// Where it cannot be kept it is new each time, and what an earlier relayd claimed is undecided.
[[nodiscard]] std::string memory_name(const std::string& state_dir, bool is_lost);

}  // namespace tsmtp::net
