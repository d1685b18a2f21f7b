// Whether a table and a relayd.toml agree: each site's domains reach it, and nothing else does.
#pragma once

#include "mailertable/hub/sites.h"
#include "mailertable/text/entry.h"
#include "mailertable/text/key_index.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// Reports where they do not. `index` is of `table.entries`.
void check_sites(const Table& table, const KeyIndex& index, const Sites& sites, base::Diagnostics& findings);

}  // namespace tsmtp::mailertable
