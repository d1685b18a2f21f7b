// The pages of a btree, and of the trees in which many values of one key are kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mailertable/database/page_file.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// All pairs of a btree, in the order of its keys.
[[nodiscard]] Outcome<std::vector<StoredPair>> read_btree(PageFile& file);

/// The values in the tree at page `root`, which an item of another page stands for.
[[nodiscard]] Outcome<std::vector<std::string>> read_duplicates(PageFile& file, std::uint32_t root);

}  // namespace tsmtp::mailertable
