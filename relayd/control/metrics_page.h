// The little of HTTP that a scraper of metrics needs: one GET, one answer, and the connection is closed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::control {

/// The answer to a request; nothing before its header has come whole. `metrics` is asked only for a page that
/// has them: /metrics, and / for a person who looks.
[[nodiscard]] std::optional<std::string> metrics_page(std::string_view received,
                                                      const std::function<std::string()>& metrics);

}  // namespace tsmtp::control
