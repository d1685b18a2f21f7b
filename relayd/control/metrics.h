// The status as Prometheus reads it: in its own text format 0.0.4, or as OpenMetrics 1.0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

enum class MetricsFormat { kText, kOpenMetrics };

/// What an HTTP server says of the body.
[[nodiscard]] std::string_view content_type(MetricsFormat format);
/// OpenMetrics for who names it in `accept`, the value of that header; else text.
[[nodiscard]] MetricsFormat metrics_format(std::string_view accept);

/// All metrics, names tsmtp_*, each with HELP and TYPE, a piece at a time: mail goes on between two pieces of
/// a page of thousands of sites.
class MetricsText {
 public:
  /// No piece has the samples of one metric for more sites.
  static constexpr std::size_t kSitesOfPiece = 500;

  explicit MetricsText(HubStatus status, MetricsFormat format = MetricsFormat::kText);

  /// Appends the next piece; false: it was the last.
  [[nodiscard]] bool add_piece(std::string& out);

 private:
  HubStatus status_;
  bool is_open_metrics_;
  std::vector<std::string> site_labels_;
  std::vector<const Metric<SiteStatus>*> site_metrics_;
  bool has_begun_ = false;
  std::size_t metric_ = 0;  // of site_metrics_, that of the next piece
  std::size_t site_ = 0;    // its first
};

/// The whole at once.
[[nodiscard]] std::string metrics(const HubStatus& status, MetricsFormat format = MetricsFormat::kText);

}  // namespace tsmtp::control
