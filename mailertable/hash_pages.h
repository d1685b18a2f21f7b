// The pages of a hash: buckets, each a chain of pages.
#pragma once

#include <vector>

#include "mailertable/failure.h"
#include "mailertable/page_file.h"
#include "mailertable/table_reader.h"

namespace tsmtp::mailertable {

/// All pairs of a hash, in the order of its buckets.
[[nodiscard]] Outcome<std::vector<StoredPair>> read_hash(PageFile& file);

}  // namespace tsmtp::mailertable
