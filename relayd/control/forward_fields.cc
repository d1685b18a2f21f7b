#include "relayd/control/forward_fields.h"

#include <fmt/format.h>

#include "relayd/base/bytes.h"
#include "relayd/control/field_forms.h"
#include "relayd/control/phrases.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

using base::escaped;
using base::WallTime;
using Connections = ForwardedConnections;

std::string connections_text(const Connections& connections) {
  if (connections.total + connections.refused == 0) return ", no connections yet";
  std::string out = fmt::format(", {} open of {} connection{}", connections.open, connections.total,
                                connections.total == 1 ? "" : "s");
  if (connections.to_service + connections.from_service > 0)
    out += fmt::format(" ({} to it, {} from it)", bytes_text(connections.to_service),
                       bytes_text(connections.from_service));
  return connections.refused == 0 ? out : out + fmt::format(", {} refused", connections.refused);
}

const Fields<Connections>& connection_fields() {
  static const Fields<Connections> fields{
      plain("open", "now", &Connections::open), plain("total", "since the start", &Connections::total),
      plain("refused", "never reached the service", &Connections::refused),
      plain("to_service", "bytes", &Connections::to_service),
      plain("from_service", "bytes", &Connections::from_service)};
  return fields;
}

constexpr std::string_view kConnectionsSentence =
    "of the site:\n.Li open , total , refused\nbefore they reached the service, and the bytes\n.Li "
    "to_service "
    ",\n.Li from_service";

template <typename Status>
std::string labels_of(const Status& status) {
  return "service=" + label_value(status.service);
}

/// What `value` is of each of `list`.
template <typename Status, typename Value>
Metric<SiteStatus> of_each(std::string_view name, std::string_view type, std::string_view help,
                           std::vector<Status> SiteStatus::*list, Value value) {
  return {name, type, help, [list, value](const SiteStatus& site) {
            std::vector<Sample> out;
            for (const Status& status : site.*list)
              out.push_back({.labels = labels_of(status), .value = value(status)});
            return out;
          }};
}

/// Both directions are one metric.
template <typename Status>
Metric<SiteStatus> bytes_of_each(std::string_view name, std::string_view help,
                                 std::vector<Status> SiteStatus::*list) {
  return {name, kCounter, help, [list](const SiteStatus& site) {
            std::vector<Sample> out;
            for (const Status& status : site.*list) {
              out.push_back({.labels = labels_of(status) + ",direction=\"to_service\"",
                             .value = status.connections.to_service});
              out.push_back({.labels = labels_of(status) + ",direction=\"from_service\"",
                             .value = status.connections.from_service});
            }
            return out;
          }};
}

const Fields<ForwardStatus>& forward_fields() {
  static const Fields<ForwardStatus> fields{
      plain("service", "as the site calls it", &ForwardStatus::service),
      plain("listen", "list of addresses", &ForwardStatus::listen),
      text("cause", "why nothing listens there; null while it does", &ForwardStatus::cause),
      time("since", "since when it has been so", &ForwardStatus::since),
      plain("waiting", "connections that wait for the yes of a person there", &ForwardStatus::waiting),
      object("connections", kConnectionsSentence, &ForwardStatus::connections, connection_fields())};
  return fields;
}

const Fields<ServiceStatus>& service_fields() {
  static const Fields<ServiceStatus> fields{
      plain("service", "its name", &ServiceStatus::service),
      plain("to", "its address", &ServiceStatus::to),
      text("cause", "why it does not answer; null while it does", &ServiceStatus::cause),
      time("since", "since when it has been so", &ServiceStatus::since),
      plain("waiting", "connections that wait for a person's yes", &ServiceStatus::waiting),
      object("connections", kConnectionsSentence, &ServiceStatus::connections, connection_fields())};
  return fields;
}

/// "pop3, 127.0.0.1:110: CLOSED since 12:02:52 (12 s), no connections yet: link down"; `state`: the word.
template <typename Status>
std::string state_text(const Status& status, const std::string& where, std::string_view state, WallTime now) {
  std::string out = fmt::format("{}, {}: {} {}{}", escaped(status.service), where, state,
                                since(status.since, now), connections_text(status.connections));
  return status.cause.empty() ? out : out + ": " + escaped(status.cause);
}

std::string forwards_text(const SiteStatus& site, WallTime now) {
  std::string out;
  for (const ForwardStatus& forward : site.forwards) {
    out += "forward to " +
           state_text(forward, list_text(forward.listen), forward.cause.empty() ? "open" : "CLOSED", now);
    if (forward.waiting > 0) out += fmt::format("; {} waiting for a yes there", forward.waiting);
    out += '\n';
  }
  return out;
}

std::string services_text(const SiteStatus& site, WallTime now) {
  std::string out;
  for (const ServiceStatus& service : site.services) {
    out += "service " + state_text(service, escaped(service.to),
                                   service.cause.empty() ? "answers" : "DOES NOT ANSWER", now);
    if (service.waiting > 0)
      out += fmt::format("; {} WAITING for a yes: relayctl approvals", service.waiting);
    out += '\n';
  }
  return out;
}

}  // namespace

Field<SiteStatus> forwards_field() {
  constexpr auto kList = &SiteStatus::forwards;
  return objects("forwards", "list of the forwards to services of the site", kList, forward_fields())
      .measured(
          {of_each("tsmtp_forward_open", kGauge, "1 while programs here can connect to the service.", kList,
                   [](const ForwardStatus& f) { return std::uint64_t{f.cause.empty()}; }),
           of_each("tsmtp_forward_since_seconds", kGauge,
                   "When the forward was opened or closed, seconds since 1970.", kList,
                   [](const ForwardStatus& f) { return seconds_since_epoch(f.since); }),
           of_each("tsmtp_forward_connections_open", kGauge, "Connections of programs here that are open.",
                   kList, [](const ForwardStatus& f) { return f.connections.open; }),
           of_each("tsmtp_forward_connections_total", kCounter, "Connections of programs here.", kList,
                   [](const ForwardStatus& f) { return f.connections.total; }),
           of_each("tsmtp_forward_refused_total", kCounter,
                   "Connections of programs here that never reached the service.", kList,
                   [](const ForwardStatus& f) { return f.connections.refused; }),
           of_each("tsmtp_forward_waiting", kGauge,
                   "Connections of programs here that wait for the yes of a person there.", kList,
                   [](const ForwardStatus& f) { return f.waiting; }),
           bytes_of_each("tsmtp_forward_bytes_total", "Bytes between programs here and the service.", kList)})
      .said(SiteLine::kForwards, forwards_text);
}

Field<SiteStatus> services_field() {
  constexpr auto kList = &SiteStatus::services;
  return objects("services", "list of the services here that the site may reach", kList, service_fields())
      .measured(
          {of_each("tsmtp_service_answers", kGauge, "1 while the service answers.", kList,
                   [](const ServiceStatus& s) { return std::uint64_t{s.cause.empty()}; }),
           of_each("tsmtp_service_since_seconds", kGauge,
                   "When it began to answer, or ceased to, seconds since 1970.", kList,
                   [](const ServiceStatus& s) { return seconds_since_epoch(s.since); }),
           of_each("tsmtp_service_connections_open", kGauge, "Connections of the site that are open.", kList,
                   [](const ServiceStatus& s) { return s.connections.open; }),
           of_each("tsmtp_service_connections_total", kCounter, "Connections of the site to the service.",
                   kList, [](const ServiceStatus& s) { return s.connections.total; }),
           of_each("tsmtp_service_refused_total", kCounter,
                   "Connections of the site that never reached the service.", kList,
                   [](const ServiceStatus& s) { return s.connections.refused; }),
           of_each("tsmtp_service_waiting", kGauge, "Connections of the site that wait for a person's yes.",
                   kList, [](const ServiceStatus& s) { return s.waiting; }),
           bytes_of_each("tsmtp_service_bytes_total", "Bytes between the site and the service.", kList)})
      .said(SiteLine::kServices, services_text);
}

}  // namespace tsmtp::control
