// The status as Prometheus reads it: text exposition format 0.0.4.
#pragma once

#include <string>
#include <string_view>

#include "relayd/control/status.h"

namespace tsmtp::control {

/// What an HTTP server says of the body.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics, names tsmtp_*, each with HELP and TYPE.
[[nodiscard]] std::string metrics(const HubStatus& status);

}  // namespace tsmtp::control
