#include "relayd/control/metrics.h"

#include <fmt/format.h>

#include <iterator>

#include "relayd/control/field_forms.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";

class Page {
 public:
  explicit Page(MetricsFormat format) : is_open_metrics_(format == MetricsFormat::kOpenMetrics) {}

  template <typename Status>
  void begin(const Metric<Status>& metric) {
    name_ = metric.name;
    std::string_view family = metric.name;
    // A counter's family is named without what its samples end in (OpenMetrics 1.0, "Counter").
    if (is_open_metrics_ && metric.type == kCounter) family.remove_suffix(std::string_view("_total").size());
    put("# HELP {} {}\n# TYPE {} {}\n", family, metric.help, family, metric.type);
    if (!is_open_metrics_) return;
    for (const std::string_view unit : {"seconds", "bytes"})
      if (family.ends_with(unit)) put("# UNIT {} {}\n", family, unit);
  }

  /// `site`: its label, or nothing.
  void put_sample(std::string_view site, const Sample& sample) {
    put("{}{}", name_, sample.suffix);
    if (!site.empty() || !sample.labels.empty())
      put("{{{}{}{}}}", site, site.empty() || sample.labels.empty() ? "" : ",", sample.labels);
    std::visit([this](auto value) { put(" {}\n", value); }, sample.value);
  }

  std::string finish() && {
    if (is_open_metrics_) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  template <typename... Values>
  void put(fmt::format_string<Values...> form, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<Values>(values)...);
  }

  bool is_open_metrics_;
  std::string_view name_;
  std::string out_;
};

void put_samples_of_sites(Page& page, const std::vector<SiteStatus>& sites) {
  std::vector<std::string> labels;
  labels.reserve(sites.size());
  for (const SiteStatus& site : sites)
    labels.push_back("site=" + label_value(site.name));
  for (const Field<SiteStatus>& field : site_fields()) {
    for (const Metric<SiteStatus>& metric : field.metrics) {
      page.begin(metric);
      for (std::size_t i = 0; i < sites.size(); ++i)
        for (const Sample& sample : metric.samples(sites[i]))
          page.put_sample(labels[i], sample);
    }
  }
}

}  // namespace

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

// A scraper that can read it puts it first.
MetricsFormat metrics_format(std::string_view accept) {
  return accept.find(kOpenMetricsType) == accept.npos ? MetricsFormat::kText : MetricsFormat::kOpenMetrics;
}

std::string metrics(const HubStatus& status, MetricsFormat format) {
  Page page(format);
  for (const Field<HubStatus>& field : hub_fields()) {
    for (const Metric<HubStatus>& metric : field.metrics) {
      page.begin(metric);
      for (const Sample& sample : metric.samples(status))
        page.put_sample({}, sample);
    }
  }
  put_samples_of_sites(page, status.sites);
  return std::move(page).finish();
}

}  // namespace tsmtp::control
