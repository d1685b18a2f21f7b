// The little of HTTP that a scraper of metrics and a browser need: one GET, one answer, and the connection is
// closed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/control/metrics.h"

namespace tsmtp::control {

/// What there is to see; asked only for the page that shows it.
struct Pages {
  std::function<std::string(MetricsFormat)> metrics;  ///< /metrics
  std::function<std::string()> status;                ///< /, for a person who looks
};

/// The answer to a request; nothing before its header has come whole. The page for people is given only to
/// who asks by an address or as localhost: a name of elsewhere that leads here would let a stranger's script
/// read it.
[[nodiscard]] std::optional<std::string> metrics_page(std::string_view received, const Pages& pages);

}  // namespace tsmtp::control
