// What is wrong between the lines of a table: the same key twice, a line that takes mail past the link that
// another promises, a line that changes nothing.
#pragma once

#include "mailertable/hub/knowledge.h"
#include "mailertable/text/entry.h"
#include "mailertable/text/key_index.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// Reports them. `index` is of `table.entries`.
void check_relations(const Table& table, const KeyIndex& index, const Knowledge& knowledge,
                     base::Diagnostics& findings);

}  // namespace tsmtp::mailertable
