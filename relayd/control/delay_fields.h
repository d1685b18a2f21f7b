// How long mails took, part by part: of the hub as histograms, of a site as sums.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

[[nodiscard]] Field<HubStatus> delays_field();
/// Of one direction, a field of its traffic.
[[nodiscard]] Field<Traffic> took_field();
/// Both directions of a site.
[[nodiscard]] Metric<SiteStatus> took_metric();

}  // namespace tsmtp::control
