#include "relayd/control/status_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kGauge = "gauge";
constexpr std::string_view kCounter = "counter";

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json time_or_null(const std::optional<base::WallTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
}

double seconds_since_epoch(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::vector<Sample> one(std::uint64_t value) {
  return {{.labels = {}, .value = value}};
}

std::vector<Sample> at_time(base::WallTime time) {
  return {{.labels = {}, .value = seconds_since_epoch(time)}};
}

/// A number that is a metric too.
template <typename Status>
Field<Status> counted(std::string_view name, std::string_view sentence, std::uint64_t Status::*member,
                      Metric<Status> metric) {
  metric.samples = [member](const Status& status) { return one(status.*member); };
  return {.name = name,
          .sentence = sentence,
          .json = [member](const Status& status) { return Json(status.*member); },
          .metrics = {std::move(metric)}};
}

template <typename Status, typename Member>
Field<Status> plain(std::string_view name, std::string_view sentence, Member Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return Json(status.*member);
          }};
}

template <typename Status>
Field<Status> text(std::string_view name, std::string_view sentence, std::string Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return text_or_null(status.*member);
          }};
}

template <typename Status>
Field<Status> time(std::string_view name, std::string_view sentence, base::WallTime Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return Json(rfc3339(status.*member));
          }};
}

/// A struct of its own.
template <typename Status, typename Inner>
Field<Status> object(std::string_view name, std::string_view sentence, Inner Status::*member,
                     const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json = [member, &fields](const Status& status) { return to_json(status.*member, fields); },
          .parts = parts_of(fields)};
}

template <typename Status, typename Inner>
Field<Status> object(std::string_view name, std::string_view sentence, std::optional<Inner> Status::*member,
                     const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json =
              [member, &fields](const Status& status) {
                return status.*member ? to_json(*(status.*member), fields) : Json(nullptr);
              },
          .parts = parts_of(fields)};
}

template <typename Status, typename Inner>
Field<Status> objects(std::string_view name, std::string_view sentence, std::vector<Inner> Status::*member,
                      const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json =
              [member, &fields](const Status& status) {
                Json out = Json::array();
                for (const Inner& inner : status.*member)
                  out.push_back(to_json(inner, fields));
                return out;
              },
          .parts = parts_of(fields)};
}

const Fields<AuditStatus>& audit_fields() {
  static const Fields<AuditStatus> fields{
      plain("target", "a path, or journald", &AuditStatus::target),
      plain("written", "how many records were written", &AuditStatus::written),
      plain("lost", "how many could not be written", &AuditStatus::lost),
      text("trouble", "what is wrong with it now", &AuditStatus::trouble)};
  return fields;
}

const Fields<LedgerStatus>& ledger_fields() {
  static const Fields<LedgerStatus> fields{
      text("trouble", "why it cannot be written now", &LedgerStatus::trouble),
      {"since", "since when that is so",
       [](const LedgerStatus& l) { return l.trouble.empty() ? Json(nullptr) : Json(rfc3339(l.since)); }},
      plain("failures", "how many writes have failed", &LedgerStatus::failures),
      plain("doubts", "how many recipients are in doubt", &LedgerStatus::doubts),
      plain("outcomes", "how many outcomes are kept for other hubs", &LedgerStatus::outcomes),
      text("no_witness", "why nobody reads the MTA's replies when relayd is killed; null where somebody does",
           &LedgerStatus::no_witness)};
  return fields;
}

const Fields<ShortageStatus>& shortage_fields() {
  static const Fields<ShortageStatus> fields{
      plain("times", "how often since the start", &ShortageStatus::times),
      time("last", "when last", &ShortageStatus::last),
      plain("text", "what was not done, and for want of what", &ShortageStatus::text)};
  return fields;
}

const Fields<RefusedKey>& refused_key_fields() {
  static const Fields<RefusedKey> fields{
      plain("pin", "the key, as it would be written in relayd.toml", &RefusedKey::pin),
      plain("address", "where it came from", &RefusedKey::address),
      time("last", "when last", &RefusedKey::last), plain("times", "how often", &RefusedKey::times)};
  return fields;
}

const Fields<DialFailure>& dial_failure_fields() {
  static const Fields<DialFailure> fields{plain("address", "what was dialled", &DialFailure::address),
                                          time("when", "when", &DialFailure::when),
                                          plain("cause", "why in vain", &DialFailure::cause)};
  return fields;
}

const Fields<MtaConnections>& mta_fields() {
  static const Fields<MtaConnections> fields{
      plain("in_use", "those with a mail, or given up and not yet answered", &MtaConnections::in_use),
      plain("idle", "those kept for the next mail", &MtaConnections::idle),
      plain("opening", "those that are being opened", &MtaConnections::opening),
      plain("closing", "those that are being closed", &MtaConnections::closing),
      plain("waiting", "mails that wait for one", &MtaConnections::waiting),
      plain("limit", "as configured", &MtaConnections::limit),
      {"learnt_limit", "the MTA takes no more; null while it has refused none",
       [](const MtaConnections& mta) { return mta.learnt ? Json(*mta.learnt) : Json(nullptr); }},
      text("trouble", "why it cannot be reached", &MtaConnections::trouble)};
  return fields;
}

const Fields<RefusedMail>& refused_mail_fields() {
  static const Fields<RefusedMail> fields{
      time("when", "", &RefusedMail::when), plain("sender", "", &RefusedMail::sender),
      plain("recipient", "", &RefusedMail::recipient), plain("reply", "", &RefusedMail::reply),
      text("advice", "", &RefusedMail::advice)};
  return fields;
}

const Fields<Traffic>& traffic_fields() {
  static const Fields<Traffic> fields{
      plain("ok", "mails delivered", &Traffic::ok),
      plain("refused", "mails refused, 5xx", &Traffic::refused),
      plain("deferred", "mails put off, 4xx", &Traffic::deferred),
      plain("bytes", "content of those delivered", &Traffic::bytes),
      plain("link_bytes", "what the content came to on the link; with\n.Ic compress\nit is less",
            &Traffic::link_bytes),
      object("last_refused",
             "the last mail, or recipient, that was refused for good:\n.Li when , sender , recipient "
             ",\nthe\n.Li "
             "reply\nof who refused it, and\n.Li advice ,\nwhat to do about it, if that is known",
             &Traffic::last_refused, refused_mail_fields())};
  return fields;
}

const Fields<mux::Counters>& frame_fields() {
  static const Fields<mux::Counters> fields = [] {
    Fields<mux::Counters> told;
    for (const mux::CounterRow& row : mux::kCounterRows)
      if (!row.name.empty()) told.push_back(plain(row.name, row.sentence, row.value));
    return told;
  }();
  return fields;
}

std::vector<std::pair<std::string, const Traffic*>> both_directions(const SiteStatus& site) {
  return {{"direction=\"out\"", &site.out}, {"direction=\"in\"", &site.in}};
}

std::vector<Sample> mails(const SiteStatus& site) {
  std::vector<Sample> out;
  for (const auto& [direction, traffic] : both_directions(site)) {
    out.push_back({direction + ",result=\"ok\"", traffic->ok});
    out.push_back({direction + ",result=\"refused\"", traffic->refused});
    out.push_back({direction + ",result=\"deferred\"", traffic->deferred});
  }
  return out;
}

template <std::uint64_t Traffic::*kMember>
std::vector<Sample> bytes(const SiteStatus& site) {
  std::vector<Sample> out;
  for (const auto& [direction, traffic] : both_directions(site))
    out.push_back({direction, traffic->*kMember});
  return out;
}

std::vector<Sample> mta_connections(const SiteStatus& site) {
  return {{"state=\"in_use\"", site.mta.in_use},
          {"state=\"idle\"", site.mta.idle},
          {"state=\"opening\"", site.mta.opening},
          {"state=\"closing\"", site.mta.closing}};
}

}  // namespace

std::string label_value(std::string_view value) {
  std::string out = "\"";
  // The backslash of our own \xNN is escaped again.
  for (const char c : base::escaped(value)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

const Fields<HubStatus>& hub_fields() {
  static const Fields<HubStatus> fields{
      {"name",
       "this hub",
       [](const HubStatus& hub) { return Json(hub.name); },
       {{"tsmtp_info", kGauge, "Version and name of this hub; always 1.",
         [](const HubStatus& hub) {
           return std::vector<Sample>{
               {fmt::format("hub={},version={}", label_value(hub.name), label_value(hub.version)),
                std::uint64_t{1}}};
         }}}},
      plain("version", "of\n.Xr relayd 8", &HubStatus::version),
      plain("pid", "its process", &HubStatus::pid),
      time("now", "when this was taken", &HubStatus::now),
      {"started",
       "when it started",
       [](const HubStatus& hub) { return Json(rfc3339(hub.started)); },
       {{"tsmtp_start_time_seconds", kGauge, "When relayd started, seconds since 1970.",
         [](const HubStatus& hub) { return at_time(hub.started); }}}},
      plain("config_file", "the configuration in force", &HubStatus::config_file),
      {"config_loaded",
       "when it was loaded",
       [](const HubStatus& hub) { return Json(rfc3339(hub.config_loaded)); },
       {{"tsmtp_config_load_time_seconds", kGauge, "When the configuration in force was loaded.",
         [](const HubStatus& hub) { return at_time(hub.config_loaded); }}}},
      {"last_reload_error",
       "why the last reload failed",
       [](const HubStatus& hub) { return text_or_null(hub.last_reload_error); },
       {{"tsmtp_config_reload_failed", kGauge, "1 if the last reload failed.",
         [](const HubStatus& hub) { return one(hub.last_reload_error.empty() ? 0 : 1); }}}},
      plain("fingerprint", "our own pin", &HubStatus::fingerprint),
      plain("listen", "list of addresses where sites dial in", &HubStatus::listen),
      [] {
        auto field = object("audit", "the audit record of\n.Xr relayd.toml 5 ;\nnull unless configured",
                            &HubStatus::audit, audit_fields());
        field.metrics = {
            {"tsmtp_audit_records_total", kCounter, "Audit records written.",
             [](const HubStatus& hub) { return one(hub.audit ? hub.audit->written : 0); }},
            {"tsmtp_audit_records_lost_total", kCounter, "Audit records that could not be written.",
             [](const HubStatus& hub) { return one(hub.audit ? hub.audit->lost : 0); }}};
        return field;
      }(),
      [] {
        auto field =
            object("ledger", "how it goes with the ledger that keeps mails from being delivered twice",
                   &HubStatus::ledger, ledger_fields());
        field.metrics = {
            {"tsmtp_ledger_writable", kGauge, "0 while the ledger cannot be written and mails are put off.",
             [](const HubStatus& hub) { return one(hub.ledger.trouble.empty() ? 1 : 0); }},
            {"tsmtp_ledger_failures_total", kCounter, "Writes to the ledger that failed.",
             [](const HubStatus& hub) { return one(hub.ledger.failures); }},
            {"tsmtp_witness", kGauge, "0 where nobody reads the MTA's replies when relayd is killed.",
             [](const HubStatus& hub) { return one(hub.ledger.no_witness.empty() ? 1 : 0); }}};
        return field;
      }(),
      {"endpoints_held",
       "whether the endpoints are held while\n.Xr relayd 8\ndoes not run; null where none is a TCP port",
       [](const HubStatus& hub) { return hub.endpoints_held ? Json(*hub.endpoints_held) : Json(nullptr); }},
      {"draining",
       "whether no new mail is taken",
       [](const HubStatus& hub) { return Json(hub.draining); },
       {{"tsmtp_draining", kGauge, "1 while relayd finishes what is in flight and takes nothing new.",
         [](const HubStatus& hub) { return one(hub.draining ? 1 : 0); }}}},
      [] {
        auto field = object("shortage",
                            "what this hub was out of, file descriptors mostly, so that a client could not "
                            "be\naccepted; null if that has not happened",
                            &HubStatus::shortage, shortage_fields());
        field.metrics = {{"tsmtp_shortages_total", kCounter,
                          "Times a client was not accepted for want of descriptors.",
                          [](const HubStatus& hub) { return one(hub.shortage ? hub.shortage->times : 0); }}};
        return field;
      }(),
      counted(
          "sessions_refused", "connections of the MTA turned away at an endpoint",
          &HubStatus::sessions_refused,
          {"tsmtp_sessions_refused_total", kCounter, "Connections of MTAs turned away at an endpoint.", {}}),
      counted("strangers", "connections to\n.Ic listen\nthat have not shown a key yet", &HubStatus::strangers,
              {"tsmtp_strangers", kGauge, "Connections to the link port that have not shown a key yet.", {}}),
      counted(
          "strangers_driven_out", "such connections that were closed because there were too many",
          &HubStatus::strangers_driven_out,
          {"tsmtp_strangers_driven_out_total", kCounter, "Such connections closed because of too many.", {}}),
      counted("connections_refused", "connections turned away at\n.Ic listen ,\nfor whatever reason",
              &HubStatus::connections_refused,
              {"tsmtp_connections_refused_total", kCounter, "Connections turned away at the link port.", {}}),
      counted("keys_refused", "attempts to make a link with a key that is no site's",
              &HubStatus::keys_refused,
              {"tsmtp_keys_refused_total", kCounter, "Link attempts with a key that is no site's pin.", {}}),
      objects("refused_keys", "list of the latest of them", &HubStatus::refused_keys, refused_key_fields()),
      {"sites", "list of objects, in the order of the configuration, each with",
       [](const HubStatus& hub) {
         Json out = Json::array();
         for (const SiteStatus& site : hub.sites)
           out.push_back(to_json(site, site_fields()));
         return out;
       }},
  };
  return fields;
}

const Fields<SiteStatus>& site_fields() {
  static const Fields<SiteStatus> fields{
      plain("name", "the site's", &SiteStatus::name),
      {"state",
       "of the link:\n.Qq down ,\n.Qq connecting ,\n.Qq up\nor\n.Qq draining",
       [](const SiteStatus& site) { return Json(to_string(site.state)); },
       {{"tsmtp_link_up", kGauge, "1 while the link to the site is up.",
         [](const SiteStatus& site) { return one(site.state == LinkState::kUp ? 1 : 0); }}}},
      {"since",
       "since when it is so",
       [](const SiteStatus& site) { return Json(rfc3339(site.since)); },
       {{"tsmtp_link_since_seconds", kGauge, "When the link came to be as it is, seconds since 1970.",
         [](const SiteStatus& site) { return at_time(site.since); }}}},
      text("cause", "why it is not up", &SiteStatus::cause),
      {"stands_still_since",
       "since when nothing that was sent on a link that is up has been acknowledged,\nalthough it was sent "
       "several times; null while it moves",
       [](const SiteStatus& site) { return time_or_null(site.stands_still_since); }},
      {"next_dial", "when we dial next", [](const SiteStatus& site) { return time_or_null(site.next_dial); }},
      objects("dial_failures", "list of what we dialled in vain since the link was last up",
              &SiteStatus::dial_failures, dial_failure_fields()),
      text("peer_address", "who is at the other end", &SiteStatus::peer_address),
      text("peer_name", "what it calls itself", &SiteStatus::peer_name),
      text("tls", "how the link is encrypted", &SiteStatus::tls),
      plain("compresses", "whether content is compressed on the link; false while it is down",
            &SiteStatus::compresses),
      plain("tls_key_updates", "how often we have replaced the keys of this connection",
            &SiteStatus::key_updates),
      text("congestion", "the kernel's congestion control of this connection", &SiteStatus::congestion),
      {"round_trip_us",
       "round trip in microseconds",
       [](const SiteStatus& site) {
         return site.round_trip ? Json(site.round_trip->count()) : Json(nullptr);
       },
       {{"tsmtp_round_trip_seconds", kGauge, "Round trip time of the link.",
         [](const SiteStatus& site) {
           std::vector<Sample> out;
           if (site.round_trip) out.push_back({{}, std::chrono::duration<double>(*site.round_trip).count()});
           return out;
         }}}},
      plain("endpoints", "list of addresses where the MTA hands mail for the site over",
            &SiteStatus::endpoints),
      text("far_mta", "what the site says of its MTA", &SiteStatus::far_mta),
      [] {
        auto field =
            object("mta", "connections to our MTA for mail from the site", &SiteStatus::mta, mta_fields());
        field.metrics = {
            {"tsmtp_mta_connections", kGauge, "Connections to our MTA for mail from the site, by state.",
             mta_connections},
            {"tsmtp_mta_connections_waiting", kGauge, "Mails that wait for a connection to our MTA.",
             [](const SiteStatus& site) { return one(site.mta.waiting); }},
            {"tsmtp_mta_connections_limit", kGauge,
             "Connections to our MTA at once, by configuration or as many as it takes.",
             [](const SiteStatus& site) {
               return one(std::min(site.mta.limit, site.mta.learnt.value_or(site.mta.limit)));
             }}};
        return field;
      }(),
      [] {
        auto field = object("out", "mails to the site", &SiteStatus::out, traffic_fields());
        field.metrics = {{"tsmtp_mails_total", kCounter, "Mails by direction and how they ended.", mails},
                         {"tsmtp_content_bytes_total", kCounter, "Bytes of mail content by direction.",
                          bytes<&Traffic::bytes>},
                         {"tsmtp_content_link_bytes_total", kCounter,
                          "What they came to on the link, compressed or not.", bytes<&Traffic::link_bytes>}};
        return field;
      }(),
      object("in", "mails from the site", &SiteStatus::in, traffic_fields()),
      counted("open_transactions", "mails under way", &SiteStatus::open_transactions,
              {"tsmtp_open_transactions", kGauge, "Mails under way, either way.", {}}),
      counted("in_doubt",
              "mails whose final reply our MTA may not have, and the site has not told how they ended",
              &SiteStatus::in_doubt,
              {"tsmtp_in_doubt", kGauge, "Mails whose final reply our MTA may not have.", {}}),
      {"streams_refused",
       "mails that the site sent beyond a limit",
       [](const SiteStatus& site) { return Json(site.counters.streams_refused); },
       {{"tsmtp_streams_refused_total", kCounter, "Streams that the site opened over a limit.",
         [](const SiteStatus& site) { return one(site.counters.streams_refused); }}}},
      object("frames", "frames of the link since the start", &SiteStatus::counters, frame_fields()),
      plain("connections", "how many connections of the link are open now", &SiteStatus::connections),
      {"resumptions", "how often an interrupted session went on on a new connection",
       [](const SiteStatus& site) { return Json(site.counters.resumptions); }},
      counted("links_up_total", "how often the link came up", &SiteStatus::links_up_total,
              {"tsmtp_links_up_total", kCounter, "How often the link to the site came up.", {}}),
  };
  return fields;
}

}  // namespace tsmtp::control
