#include "relayd/control/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "relayd/control/field_forms.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";

/// Writes samples to the end of a page.
class Writer {
 public:
  Writer(std::string& out, bool is_open_metrics) : out_(out), is_open_metrics_(is_open_metrics) {}

  template <typename Status>
  void begin(const Metric<Status>& metric) {
    std::string_view family = metric.name;
    // A counter's family is named without what its samples end in (OpenMetrics 1.0, "Counter").
    if (is_open_metrics_ && metric.type == kCounter) family.remove_suffix(std::string_view("_total").size());
    put("# HELP {} {}\n# TYPE {} {}\n", family, metric.help, family, metric.type);
    if (!is_open_metrics_) return;
    for (const std::string_view unit : {"seconds", "bytes"})
      if (family.ends_with(unit)) put("# UNIT {} {}\n", family, unit);
  }

  /// `site`: its label, or nothing.
  void put_sample(std::string_view name, std::string_view site, const Sample& sample) {
    put("{}{}", name, sample.suffix);
    if (!site.empty() || !sample.labels.empty())
      put("{{{}{}{}}}", site, site.empty() || sample.labels.empty() ? "" : ",", sample.labels);
    std::visit([this](auto value) { put(" {}\n", value); }, sample.value);
  }

 private:
  template <typename... Values>
  void put(fmt::format_string<Values...> form, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<Values>(values)...);
  }

  std::string& out_;
  bool is_open_metrics_;
};

}  // namespace

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

// A scraper that can read it puts it first.
MetricsFormat metrics_format(std::string_view accept) {
  return accept.find(kOpenMetricsType) == accept.npos ? MetricsFormat::kText : MetricsFormat::kOpenMetrics;
}

MetricsText::MetricsText(HubStatus status, MetricsFormat format)
    : status_(std::move(status)), is_open_metrics_(format == MetricsFormat::kOpenMetrics) {
  site_labels_.reserve(status_.sites.size());
  for (const SiteStatus& site : status_.sites)
    site_labels_.push_back("site=" + label_value(site.name));
  for (const Field<SiteStatus>& field : site_fields())
    for (const Metric<SiteStatus>& metric : field.metrics)
      site_metrics_.push_back(&metric);
}

bool MetricsText::add_piece(std::string& out) {
  Writer writer(out, is_open_metrics_);
  if (!std::exchange(has_begun_, true)) {
    for (const Field<HubStatus>& field : hub_fields()) {
      for (const Metric<HubStatus>& metric : field.metrics) {
        writer.begin(metric);
        for (const Sample& sample : metric.samples(status_))
          writer.put_sample(metric.name, {}, sample);
      }
    }
    return true;
  }
  const Metric<SiteStatus>& metric = *site_metrics_[metric_];
  if (site_ == 0) writer.begin(metric);
  const std::size_t end = std::min(site_ + kSitesOfPiece, status_.sites.size());
  for (; site_ < end; ++site_)
    for (const Sample& sample : metric.samples(status_.sites[site_]))
      writer.put_sample(metric.name, site_labels_[site_], sample);
  if (site_ < status_.sites.size()) return true;
  site_ = 0;
  if (++metric_ < site_metrics_.size()) return true;
  if (is_open_metrics_) out += "# EOF\n";
  return false;
}

std::string metrics(const HubStatus& status, MetricsFormat format) {
  MetricsText text(status, format);
  std::string out;
  while (text.add_piece(out)) {
  }
  return out;
}

}  // namespace tsmtp::control
