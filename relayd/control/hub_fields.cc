// The fields of a hub's status.
#include <fmt/format.h>

#include "relayd/control/field_forms.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

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

}  // namespace

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
      counted("strangers", "connections to\n.Ic listen\nthat have not shown a key yet",
              &HubStatus::unauthenticated,
              {"tsmtp_strangers", kGauge, "Connections to the link port that have not shown a key yet.", {}}),
      counted(
          "strangers_driven_out", "such connections that were closed because there were too many",
          &HubStatus::unauthenticated_driven_out,
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

}  // namespace tsmtp::control
