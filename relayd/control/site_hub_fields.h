// The field of a site's status that tells of each of its hubs.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

[[nodiscard]] Field<SiteStatus> hubs_field();
/// ", and a leaving link of the process before, with 2 streams".
[[nodiscard]] std::string leaving_link_text(std::uint64_t streams);

}  // namespace tsmtp::control
