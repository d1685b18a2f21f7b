// Lines that keep mail back: for a domain whose site this hub does not know, and for one that went through a
// link until the directory lost it. A directory can lose entries in many ways (an access rule, a copy that is
// being filled, a hand that slipped), and sendmail sends a domain that no line speaks of to its MX, in clear.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/routes/routes.h"
#include "mailertable/text/entry.h"

namespace tsmtp::mailertable {

/// The value of a domain whose site this hub does not know. `site` is any text.
[[nodiscard]] std::string held_of_unknown_site(std::string_view site);

/// Adds to `routes` a held line for each key of `old`, the entries that were made last, that went through a
/// link or was held, and whose mail would now go another way, unless `routes` says to let it go. Keys of
/// `local`, the entries of this hub's own, are theirs.
void hold_what_is_gone(Routes& routes, const std::vector<Entry>& old, const std::vector<Entry>& local);

/// The most that a directory may lose at once.
struct LossBounds {
  unsigned percent = 50;
  std::size_t keys = 4;  ///< so many may always be lost
};

/// What speaks against `routes` in the place of `old`, if anything does: that they are none, or that so many
/// keys are gone that a part of the directory must be missing.
[[nodiscard]] std::optional<std::string> too_much_lost(const Routes& routes, const std::vector<Entry>& old,
                                                       LossBounds bounds);

}  // namespace tsmtp::mailertable
