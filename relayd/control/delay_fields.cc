#include "relayd/control/delay_fields.h"

#include <fmt/format.h>

#include <cmath>

#include "relayd/control/field_forms.h"

namespace tsmtp::control {
namespace {

using mail::DelayHistogram;

// Our own MTA has no part in a mail that comes in.
bool has_part(std::string_view direction, const mail::TookPart& part) {
  return direction == "out" || part.value != &mail::Took::near_mta;
}

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string labels_of(std::string_view direction, std::string_view part) {
  return fmt::format("direction=\"{}\",part=\"{}\"", direction, part);
}

// OpenMetrics wants a bound that is whole to be written with its fraction. "{:#}" would do, but how many
// zeros that appends differs between the releases of fmt.
std::string bound_text(std::size_t bucket) {
  if (bucket == mail::kDelayBoundsSeconds.size()) return "+Inf";
  const double bound = mail::kDelayBoundsSeconds[bucket];
  return bound == std::floor(bound) ? fmt::format("{:.1f}", bound) : fmt::format("{}", bound);
}

void put_histogram(std::vector<Sample>& out, const std::string& labels, const DelayHistogram& histogram) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    count += histogram.counts[i];
    out.push_back(
        {.labels = fmt::format("{},le=\"{}\"", labels, bound_text(i)), .value = count, .suffix = "_bucket"});
  }
  out.push_back({.labels = labels, .value = seconds(histogram.sum), .suffix = "_sum"});
  out.push_back({.labels = labels, .value = count, .suffix = "_count"});
}

void put_histograms(std::vector<Sample>& out, std::string_view direction, const mail::Delays::OneWay& way) {
  put_histogram(out, labels_of(direction, "total"), way.total);
  for (std::size_t i = 0; i < mail::kTookParts.size(); ++i)
    if (has_part(direction, mail::kTookParts[i]))
      put_histogram(out, labels_of(direction, mail::kTookParts[i].name), way.parts[i]);
}

Json histogram_json(const DelayHistogram& histogram) {
  return Json{{"seconds", seconds(histogram.sum)}, {"counts", histogram.counts}};
}

Json way_json(std::string_view direction, const mail::Delays::OneWay& way) {
  Json out{{"total", histogram_json(way.total)}};
  for (std::size_t i = 0; i < mail::kTookParts.size(); ++i)
    if (has_part(direction, mail::kTookParts[i]))
      out[std::string(mail::kTookParts[i].name)] = histogram_json(way.parts[i]);
  return out;
}

}  // namespace

Field<HubStatus> delays_field() {
  return Field<HubStatus>{
      "delays",
      "how long the mails of all sites took since the start,\n.Li out\nand\n.Li in ,\n.Li total\nand of it "
      "each\nof\n.Li near_mta , ledger , link , far_mta\nas in the audit record:\n.Li seconds\ntogether, "
      "and\n.Li counts\nof those that took no longer than each of\n.Li bounds ,\nand of those beyond the "
      "last",
      [](const HubStatus& hub) {
        return Json{{"bounds", mail::kDelayBoundsSeconds},
                    {"out", way_json("out", hub.delays.out)},
                    {"in", way_json("in", hub.delays.in)}};
      }}
      .measured({{"tsmtp_mail_delay_seconds", kHistogram, "How long mails took, and each part of it.",
                  [](const HubStatus& hub) {
                    std::vector<Sample> out;
                    put_histograms(out, "out", hub.delays.out);
                    put_histograms(out, "in", hub.delays.in);
                    return out;
                  }}});
}

Field<Traffic> took_field() {
  return {"milliseconds", "how long they took together,\n.Li total\nand its parts as in the audit record",
          [](const Traffic& traffic) {
            const auto milliseconds = [](base::Duration duration) {
              return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
            };
            Json out{{"total", milliseconds(traffic.took.total)}};
            for (const mail::TookPart& part : mail::kTookParts)
              out[std::string(part.name)] = milliseconds(traffic.took.*part.value);
            return out;
          }};
}

Metric<SiteStatus> took_metric() {
  return {"tsmtp_site_delay_seconds_total", kCounter,
          "How long the mails of the site took together, by part; divide by tsmtp_mails_total.",
          [](const SiteStatus& site) {
            std::vector<Sample> out;
            for (const auto& [direction, traffic] : {std::pair{"out", &site.out}, std::pair{"in", &site.in}})
              for (const mail::TookPart& part : mail::kTookParts)
                if (has_part(direction, part))
                  out.push_back({.labels = labels_of(direction, part.name),
                                 .value = seconds(traffic->took.*part.value)});
            return out;
          }};
}

}  // namespace tsmtp::control
