#include "relayd/control/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::control {
namespace {

// A label's value in quotes. The format knows few escapes, so the backslash of our own \\xNN is escaped
// again.
std::string label_value(std::string_view value) {
  std::string out = "\"";
  for (const char c : base::escaped(value)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

double seconds_since_epoch(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// Writes metric after metric: a header, then its samples.
class Exposition {
 public:
  void header(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(std::string_view labels, std::uint64_t value) {
    text_ += fmt::format("{}{} {}\n", name_, labels, value);
  }
  void sample(std::string_view labels, double value) {
    text_ += fmt::format("{}{} {:.6f}\n", name_, labels, value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string site_label(const SiteStatus& site) {
  return "{site=" + label_value(site.name) + "}";
}

void put_hub(Exposition& out, const HubStatus& hub) {
  out.header("tsmtp_info", "gauge", "Version and name of this hub; always 1.");
  out.sample(fmt::format("{{hub={},version={}}}", label_value(hub.name), label_value(hub.version)),
             std::uint64_t{1});
  out.header("tsmtp_start_time_seconds", "gauge", "When relayd started, seconds since 1970.");
  out.sample("", seconds_since_epoch(hub.started));
  out.header("tsmtp_config_load_time_seconds", "gauge", "When the configuration in force was loaded.");
  out.sample("", seconds_since_epoch(hub.config_loaded));
  out.header("tsmtp_config_reload_failed", "gauge", "1 if the last reload failed.");
  out.sample("", std::uint64_t{hub.last_reload_error.empty() ? 0U : 1U});
  out.header("tsmtp_draining", "gauge", "1 while relayd finishes what is in flight and takes nothing new.");
  out.sample("", std::uint64_t{hub.draining ? 1U : 0U});
  out.header("tsmtp_shortages_total", "counter", "Times a client was not accepted for want of descriptors.");
  out.sample("", hub.shortage ? hub.shortage->times : 0);
  out.header("tsmtp_ledger_writable", "gauge", "0 while the ledger cannot be written and mails are put off.");
  out.sample("", std::uint64_t{hub.ledger.trouble.empty() ? 1U : 0U});
  out.header("tsmtp_ledger_failures_total", "counter", "Writes to the ledger that failed.");
  out.sample("", hub.ledger.failures);
  out.header("tsmtp_witness", "gauge", "0 where nobody reads the MTA's replies when relayd is killed.");
  out.sample("", std::uint64_t{hub.ledger.no_witness.empty() ? 1U : 0U});
  out.header("tsmtp_sessions_refused_total", "counter", "Connections of MTAs turned away at an endpoint.");
  out.sample("", hub.sessions_refused);
  out.header("tsmtp_strangers", "gauge", "Connections to the link port that have not shown a key yet.");
  out.sample("", hub.strangers);
  out.header("tsmtp_strangers_driven_out_total", "counter", "Such connections closed because of too many.");
  out.sample("", hub.strangers_driven_out);
  out.header("tsmtp_connections_refused_total", "counter", "Connections turned away at the link port.");
  out.sample("", hub.connections_refused);
  out.header("tsmtp_keys_refused_total", "counter", "Link attempts with a key that is no site's pin.");
  out.sample("", hub.keys_refused);
  const AuditStatus audit = hub.audit.value_or(AuditStatus{});
  out.header("tsmtp_audit_records_total", "counter", "Audit records written.");
  out.sample("", audit.written);
  out.header("tsmtp_audit_records_lost_total", "counter", "Audit records that could not be written.");
  out.sample("", audit.lost);
}

struct SiteMetric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const SiteStatus&);
};

constexpr std::array kSiteMetrics{
    SiteMetric{"tsmtp_link_up", "gauge", "1 while the link to the site is up.",
               [](const SiteStatus& s) { return std::uint64_t{s.state == LinkState::kUp ? 1U : 0U}; }},
    SiteMetric{"tsmtp_links_up_total", "counter", "How often the link to the site came up.",
               [](const SiteStatus& s) { return s.links_up_total; }},
    SiteMetric{"tsmtp_open_transactions", "gauge", "Mails under way, either way.",
               [](const SiteStatus& s) { return s.open_transactions; }},
    SiteMetric{"tsmtp_in_doubt", "gauge", "Mails whose final reply our MTA may not have.",
               [](const SiteStatus& s) { return s.in_doubt; }},
    SiteMetric{"tsmtp_streams_refused_total", "counter", "Streams that the site opened over a limit.",
               [](const SiteStatus& s) { return s.streams_refused; }},
    SiteMetric{"tsmtp_mta_connections_waiting", "gauge", "Mails that wait for a connection to our MTA.",
               [](const SiteStatus& s) { return s.mta.waiting; }},
    SiteMetric{"tsmtp_mta_connections_limit", "gauge",
               "Connections to our MTA at once, by configuration or as many as it takes.",
               [](const SiteStatus& s) { return std::min(s.mta.limit, s.mta.learnt.value_or(s.mta.limit)); }},
};

void put_sites(Exposition& out, const std::vector<SiteStatus>& sites) {
  for (const SiteMetric& metric : kSiteMetrics) {
    out.header(metric.name, metric.type, metric.help);
    for (const SiteStatus& site : sites)
      out.sample(site_label(site), metric.value(site));
  }
  out.header("tsmtp_mta_connections", "gauge", "Connections to our MTA for mail from the site, by state.");
  for (const SiteStatus& site : sites)
    for (const auto& [state, count] :
         {std::pair{"in_use", site.mta.in_use}, std::pair{"idle", site.mta.idle},
          std::pair{"opening", site.mta.opening}, std::pair{"closing", site.mta.closing}})
      out.sample(fmt::format("{{site={},state=\"{}\"}}", label_value(site.name), state), count);
  out.header("tsmtp_link_since_seconds", "gauge", "When the link came to be as it is, seconds since 1970.");
  for (const SiteStatus& site : sites)
    out.sample(site_label(site), seconds_since_epoch(site.since));
  out.header("tsmtp_round_trip_seconds", "gauge", "Round trip time of the link.");
  for (const SiteStatus& site : sites)
    if (site.round_trip)
      out.sample(site_label(site), std::chrono::duration<double>(*site.round_trip).count());
}

void put_traffic(Exposition& out, const std::vector<SiteStatus>& sites) {
  const auto sample = [&](const SiteStatus& site, std::string_view direction, std::string_view result,
                          std::uint64_t value) {
    out.sample(
        fmt::format("{{site={},direction=\"{}\",result=\"{}\"}}", label_value(site.name), direction, result),
        value);
  };
  out.header("tsmtp_mails_total", "counter", "Mails by direction and how they ended.");
  for (const SiteStatus& site : sites) {
    for (const auto& [direction, traffic] : {std::pair{"out", site.out}, std::pair{"in", site.in}}) {
      sample(site, direction, "ok", traffic.ok);
      sample(site, direction, "refused", traffic.refused);
      sample(site, direction, "deferred", traffic.deferred);
    }
  }
  out.header("tsmtp_content_bytes_total", "counter", "Bytes of mail content by direction.");
  for (const SiteStatus& site : sites)
    for (const auto& [direction, traffic] : {std::pair{"out", site.out}, std::pair{"in", site.in}})
      out.sample(fmt::format("{{site={},direction=\"{}\"}}", label_value(site.name), direction),
                 traffic.bytes);
  out.header("tsmtp_content_link_bytes_total", "counter",
             "What they came to on the link, compressed or not.");
  for (const SiteStatus& site : sites)
    for (const auto& [direction, traffic] : {std::pair{"out", site.out}, std::pair{"in", site.in}})
      out.sample(fmt::format("{{site={},direction=\"{}\"}}", label_value(site.name), direction),
                 traffic.link_bytes);
}

}  // namespace

std::string metrics(const HubStatus& status) {
  Exposition out;
  put_hub(out, status);
  put_sites(out, status.sites);
  put_traffic(out, status.sites);
  return out.take();
}

}  // namespace tsmtp::control
