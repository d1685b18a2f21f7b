// Routes as a table that is fit to be built, or what is wrong with them: the directory's own mistakes, and
// all that `mailertable check` knows, said of the entry that a line comes from.
#pragma once

#include <span>
#include <vector>

#include "mailertable/checks/checks.h"
#include "mailertable/routes/routes.h"

namespace tsmtp::mailertable {

/// `sources` hold the texts that `checked` points into; it may be moved, but not copied.
struct CheckedRoutes {
  std::vector<Source> sources;  ///< first the routes' text, then the local ones
  CheckedTable checked;
  base::Diagnostics findings;  ///< all, in place of checked.findings

  CheckedRoutes() = default;
  CheckedRoutes(CheckedRoutes&&) = default;
  CheckedRoutes& operator=(CheckedRoutes&&) = default;
};

/// Checks `routes` and `local`, texts of this hub's own, as one table.
[[nodiscard]] CheckedRoutes check_routes(const Routes& routes, std::span<const Source> local,
                                         const Knowledge& knowledge);

}  // namespace tsmtp::mailertable
