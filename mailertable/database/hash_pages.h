// The pages of a hash: buckets, each a chain of pages.
#pragma once

#include <vector>

#include "mailertable/database/page_file.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// All pairs of a hash, in the order of its buckets.
[[nodiscard]] Outcome<std::vector<StoredPair>> read_hash(PageFile& file);

}  // namespace tsmtp::mailertable
