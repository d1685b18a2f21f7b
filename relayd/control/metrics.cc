#include "relayd/control/metrics.h"

#include <fmt/format.h>

#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

template <typename Status>
void put_header(std::string& out, const Metric<Status>& metric) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name, metric.type);
}

void put_sample(std::string& out, std::string_view name, const std::string& labels, const Sample& sample) {
  out += labels.empty() ? std::string(name) : fmt::format("{}{{{}}}", name, labels);
  if (const auto* number = std::get_if<std::uint64_t>(&sample.value))
    out += fmt::format(" {}\n", *number);
  else
    out += fmt::format(" {:.6f}\n", std::get<double>(sample.value));
}

void put_hub_samples(std::string& out, const HubStatus& hub) {
  for (const Field<HubStatus>& field : hub_fields()) {
    for (const Metric<HubStatus>& metric : field.metrics) {
      put_header(out, metric);
      for (const Sample& sample : metric.samples(hub))
        put_sample(out, metric.name, sample.labels, sample);
    }
  }
}

void put_samples_of_sites(std::string& out, const std::vector<SiteStatus>& sites) {
  for (const Field<SiteStatus>& field : site_fields()) {
    for (const Metric<SiteStatus>& metric : field.metrics) {
      put_header(out, metric);
      for (const SiteStatus& site : sites)
        for (const Sample& sample : metric.samples(site))
          put_sample(out, metric.name,
                     "site=" + label_value(site.name) + (sample.labels.empty() ? "" : "," + sample.labels),
                     sample);
    }
  }
}

}  // namespace

std::string metrics(const HubStatus& status) {
  std::string out;
  put_hub_samples(out, status);
  put_samples_of_sites(out, status.sites);
  return out;
}

}  // namespace tsmtp::control
