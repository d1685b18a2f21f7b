// The field of a site's status that tells of each of its hubs.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

[[nodiscard]] Field<SiteStatus> hubs_field();

}  // namespace tsmtp::control
