// The consequences of a revocation, before anybody does it: there is no way back. No command may leave a hub
// without a site, or without its own key, unless the administrator was told so and said yes.
#pragma once

#include <string>
#include <vector>

#include "relayd/keys/book.h"

namespace tsmtp::keys {

/// A configured site.
struct SiteKeys {
  std::string name;
  std::vector<std::string> pins;
};

struct Revoking {
  std::vector<std::string> pins;   ///< all that are revoked, families included
  std::vector<std::string> sites;  ///< that have no good key any more afterwards, and have one now
  std::vector<std::string> left;   ///< that still have one
  bool is_done = false;            ///< all of them are revoked already
  bool is_ours = false;            ///< our own key is among them: never
};

/// `pins`: of the site that is to go, or a key alone. `own`: our key and those it comes from.
[[nodiscard]] Revoking plan_revoking(const std::vector<std::string>& pins, const std::vector<SiteKeys>& sites,
                                     const std::vector<std::string>& own, const Book& book);

}  // namespace tsmtp::keys
