// The fields of a site's status that tell of forwards and services.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

[[nodiscard]] Field<SiteStatus> forwards_field();
[[nodiscard]] Field<SiteStatus> services_field();

}  // namespace tsmtp::control
