// The status as Prometheus reads it: in its own text format 0.0.4, or as OpenMetrics 1.0.
#pragma once

#include <string>
#include <string_view>

#include "relayd/control/status.h"

namespace tsmtp::control {

enum class MetricsFormat { kText, kOpenMetrics };

/// What an HTTP server says of the body.
[[nodiscard]] std::string_view content_type(MetricsFormat format);
/// OpenMetrics for who names it in `accept`, the value of that header; else text.
[[nodiscard]] MetricsFormat metrics_format(std::string_view accept);

/// All metrics, names tsmtp_*, each with HELP and TYPE.
[[nodiscard]] std::string metrics(const HubStatus& status, MetricsFormat format = MetricsFormat::kText);

}  // namespace tsmtp::control
