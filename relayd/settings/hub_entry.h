// A hub more for a site, in the text of the file that the site stands in: the file's other lines stay as they
// are. Reads and writes no file.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/settings/site.h"

namespace tsmtp::settings {

/// A [[site.hub]] as it is written.
[[nodiscard]] std::string hub_entry(const SiteHub& hub);

/// `text` with `hub` behind the hubs of `site`, which is the last, or the only, [[site]] in it. pin and dial
/// of a site that has one hub go into a section of its own first. The error says why it cannot be done.
[[nodiscard]] base::Result<std::string> with_hub(std::string_view text, const Site& site, const SiteHub& hub);

}  // namespace tsmtp::settings
