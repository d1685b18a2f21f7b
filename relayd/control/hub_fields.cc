// The fields of a hub's status.
#include <fmt/format.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/counter_fields.h"
#include "relayd/control/field_forms.h"
#include "relayd/control/phrases.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

using base::escaped;
using base::WallTime;

const Fields<AuditStatus>& audit_fields() {
  static const Fields<AuditStatus> fields{
      plain("target", "a path, or journald", &AuditStatus::target)
          .said(kOnlyLine, [](const AuditStatus& audit) { return escaped(audit.target); }),
      plain("written", "how many records were written", &AuditStatus::written),
      plain("lost", "how many could not be written", &AuditStatus::lost)
          .said(kOnlyLine,
                [](const AuditStatus& audit) {
                  return audit.lost == 0
                             ? std::string()
                             : fmt::format(", {} RECORD{} LOST", audit.lost, audit.lost == 1 ? "" : "S");
                }),
      text("trouble", "why it cannot be written now", &AuditStatus::trouble)
          .said(kOnlyLine, [](const AuditStatus& audit) {
            return audit.trouble.empty() ? std::string() : ": " + escaped(audit.trouble);
          })};
  return fields;
}

const Fields<LedgerStatus>& ledger_fields() {
  static const Fields<LedgerStatus> fields = [] {
    Fields<LedgerStatus> rows{text("trouble", "why it cannot be written now", &LedgerStatus::trouble),
                              {"since", "since when it cannot be written", [](const LedgerStatus& l) {
                                 return l.trouble.empty() ? Json(nullptr) : Json(rfc3339(l.since));
                               }}};
    std::ranges::move(counter_fields<LedgerStatus>(ledger::kCounterRows, &LedgerStatus::counters),
                      std::back_inserter(rows));
    rows.push_back(text("no_witness",
                        "why nobody reads the MTA's replies when relayd is killed; null where somebody does",
                        &LedgerStatus::no_witness));
    return rows;
  }();
  return fields;
}

const Fields<SiteLedgerStatus>& site_ledger_fields() {
  static const Fields<SiteLedgerStatus> fields = [] {
    Fields<SiteLedgerStatus> rows{plain("engine", "etcd", &SiteLedgerStatus::engine),
                                  text("trouble", "why it does not answer", &SiteLedgerStatus::trouble),
                                  {"since", "since when it does not", [](const SiteLedgerStatus& site) {
                                     return site.trouble.empty() ? Json(nullptr) : Json(rfc3339(site.since));
                                   }}};
    std::ranges::move(counter_fields<SiteLedgerStatus>(claims::kCounterRows, &SiteLedgerStatus::counters),
                      std::back_inserter(rows));
    rows.push_back(
        plain("hubs", "list of the other hubs of our site that are there", &SiteLedgerStatus::hubs));
    return rows;
  }();
  return fields;
}

const Fields<ShortageStatus>& shortage_fields() {
  static const Fields<ShortageStatus> fields{
      plain("times", "how often since the start", &ShortageStatus::times),
      time("last", "when last", &ShortageStatus::last),
      plain("text", "what could not be done, and what was missing", &ShortageStatus::text)};
  return fields;
}

const Fields<RefusedKey>& refused_key_fields() {
  static const Fields<RefusedKey> fields{
      plain("pin", "the key, as it would be written in relayd.toml", &RefusedKey::pin),
      plain("address", "its address", &RefusedKey::address), time("last", "when last", &RefusedKey::last),
      plain("times", "how often", &RefusedKey::times)};
  return fields;
}

const Fields<OwnKeyStatus>& own_key_fields() {
  static const Fields<OwnKeyStatus> fields{
      time("made", "when it was made", &OwnKeyStatus::made)
          .said(kOnlyLine,
                [](const OwnKeyStatus& key, WallTime now) {
                  return fmt::format("made {} ({} ago)", local_time(key.made, now),
                                     span_since(key.made, now));
                }),
      plain("rotations", "how many rotations have led to it", &OwnKeyStatus::rotations),
      plain("awaited", "list of the sites that have not confirmed it", &OwnKeyStatus::awaited)
          .said(kOnlyLine,
                [](const OwnKeyStatus& key) {
                  if (key.rotations == 0) return std::string();
                  return key.awaited.empty() ? std::string(", confirmed by all sites")
                                             : ", NOT CONFIRMED by " + list_text(key.awaited);
                }),
      text("earlier", "the key before it, while hubs that know nothing of rotation are shown that",
           &OwnKeyStatus::earlier)
          .said(kOnlyLine,
                [](const OwnKeyStatus& key, WallTime now) {
                  if (key.earlier.empty() || !key.earlier_until) return std::string();
                  return fmt::format(
                      "\nearlier key    {}, shown to hubs that know nothing of rotation until {}",
                      escaped(key.earlier), local_time(*key.earlier_until, now));
                }),
      {"earlier_until", "until when at the latest",
       [](const OwnKeyStatus& key) { return time_or_null(key.earlier_until); }},
      text("trouble", "why\n.Ic rotate_every\ndoes not replace it", &OwnKeyStatus::trouble)
          .said(kOnlyLine, [](const OwnKeyStatus& key) {
            return key.trouble.empty() ? std::string() : "\nNOT ROTATED    " + escaped(key.trouble);
          })};
  return fields;
}

std::vector<Labelled<ledger::Counters>> ledger_counters(const HubStatus& hub) {
  return {{.labels = {}, .counters = &hub.ledger.counters}};
}

Field<HubStatus> ledger_field() {
  return object("ledger", "the ledger, which keeps mails from being delivered twice", &HubStatus::ledger,
                ledger_fields())
      .measured(
          {{"tsmtp_ledger_writable", kGauge, "0 while the ledger cannot be written and mails are put off.",
            [](const HubStatus& hub) { return one(hub.ledger.trouble.empty() ? 1 : 0); }}})
      .measured(counter_metrics<HubStatus>(ledger::kCounterRows, ledger_counters))
      .measured({{"tsmtp_witness", kGauge, "0 where nobody reads the MTA's replies when relayd is killed.",
                  [](const HubStatus& hub) { return one(hub.ledger.no_witness.empty() ? 1 : 0); }}})
      .said(HubLine::kLedger,
            [](const HubStatus& hub, WallTime now) {
              const LedgerStatus& ledger = hub.ledger;
              if (ledger.trouble.empty()) return std::string();
              return fmt::format("LEDGER         CANNOT BE WRITTEN {}, mails are put off: {}",
                                 since(ledger.since, now), escaped(ledger.trouble)) +
                     in_words(ledger, ledger_fields(), now);
            })
      .said(HubLine::kWitness, [](const HubStatus& hub) {
        return hub.ledger.no_witness.empty()
                   ? std::string()
                   : fmt::format(
                         "NO WITNESS     {}: a mail that is being delivered when relayd is killed may "
                         "come twice",
                         escaped(hub.ledger.no_witness));
      });
}

const Fields<SharingStatus>& sharing_fields() {
  static const Fields<SharingStatus> fields{
      text("trouble", "why they are not shared now", &SharingStatus::trouble),
      {"since", "since when they are not",
       [](const SharingStatus& sharing) {
         return sharing.trouble.empty() ? Json(nullptr) : Json(rfc3339(sharing.since));
       }},
      plain("goes_on_alone", "whether mail goes on meanwhile, remembered by this hub alone",
            &SharingStatus::goes_on_alone),
      plain("alone", "how many mails did", &SharingStatus::alone),
      plain("tried_before", "how many mails another hub had tried before", &SharingStatus::tried_before),
      plain("of_others", "how many recipients are in doubt whose first try was another hub's",
            &SharingStatus::of_others)};
  return fields;
}

std::string sharing_text(const HubStatus& hub, WallTime now) {
  if (!hub.shared_doubts) return {};
  const SharingStatus& sharing = *hub.shared_doubts;
  std::string out;
  if (!sharing.trouble.empty())
    out = fmt::format("DOUBTS         NOT SHARED {}, mails {}: {}", since(sharing.since, now),
                      sharing.goes_on_alone ? "go on, remembered by this hub alone" : "are put off",
                      escaped(sharing.trouble));
  if (sharing.alone > 0)
    out += fmt::format("{}ALONE          {} mails went on while doubts were not shared",
                       out.empty() ? "" : "\n", sharing.alone);
  return out;
}

Field<HubStatus> sharing_field() {
  return object("shared_doubts",
                "the doubts that the hubs of our site share through etcd\n.Pq Ic share_doubts ;\nnull where "
                "they do not",
                &HubStatus::shared_doubts, sharing_fields())
      .measured({{"tsmtp_doubts_shared", kGauge,
                  "0 while doubts should be shared with our site's hubs and are not.",
                  [](const HubStatus& hub) {
                    return one(hub.shared_doubts && !hub.shared_doubts->trouble.empty() ? 0 : 1);
                  }},
                 {"tsmtp_mails_alone_total", kCounter, "Mails that went on while doubts were not shared.",
                  [](const HubStatus& hub) { return one(hub.shared_doubts ? hub.shared_doubts->alone : 0); }},
                 {"tsmtp_mails_tried_before_total", kCounter,
                  "Mails that another hub of our site had tried before.",
                  [](const HubStatus& hub) {
                    return one(hub.shared_doubts ? hub.shared_doubts->tried_before : 0);
                  }}})
      .said(HubLine::kSharing, sharing_text);
}

std::vector<Labelled<claims::Counters>> claim_counters(const HubStatus& hub) {
  if (!hub.site_ledger) return {};
  return {{.labels = {}, .counters = &hub.site_ledger->counters}};
}

std::string site_ledger_text(const HubStatus& hub, WallTime now) {
  if (!hub.site_ledger) return {};
  const SiteLedgerStatus& site = *hub.site_ledger;
  const std::string hubs = site.hubs.empty() ? "no other hub there" : "with " + list_text(site.hubs);
  const std::string standing =
      site.trouble.empty()
          ? hubs
          : fmt::format("DOES NOT ANSWER {}: {}", since(site.since, now), escaped(site.trouble));
  return fmt::format("site's ledger  {}, {}", site.engine, standing) +
         in_words(site, site_ledger_fields(), now);
}

Field<HubStatus> site_ledger_field() {
  return object("site_ledger",
                "what the hubs of our site know together of how mails ended, see\n.Ic [ledger]\nof\n.Xr "
                "relayd.toml 5 ;\nnull where this hub alone knows",
                &HubStatus::site_ledger, site_ledger_fields())
      .measured({{"tsmtp_etcd_answers", kGauge, "0 while etcd does not answer; 1 where it is not used.",
                  [](const HubStatus& hub) {
                    return one(hub.site_ledger && !hub.site_ledger->trouble.empty() ? 0 : 1);
                  }}})
      .measured(counter_metrics<HubStatus>(claims::kCounterRows, claim_counters))
      .said(HubLine::kSiteLedger, site_ledger_text);
}

std::string endpoints_held_text(const HubStatus& hub) {
  if (!hub.endpoints_held) return {};
  return *hub.endpoints_held ? "endpoints      held while relayd does not run"
                             : "endpoints      NOT HELD while relayd does not run: start `relayd "
                               "--hold-endpoints`, relayd(8)";
}

std::string shortage_text(const HubStatus& hub, WallTime now) {
  if (!hub.shortage) return {};
  return fmt::format("SHORTAGE       {}, {}x, last {}", escaped(hub.shortage->text), hub.shortage->times,
                     local_time(hub.shortage->last, now));
}

std::string connections_refused_text(const HubStatus& hub) {
  if (hub.connections_refused == 0) return {};
  return fmt::format("refused        {} at the link port, {} of them because of too many at once",
                     hub.connections_refused, hub.unauthenticated_driven_out);
}

std::string refused_keys_text(const HubStatus& hub, WallTime now) {
  std::string out;
  for (const RefusedKey& key : hub.refused_keys)
    out += fmt::format("unknown key    {} from {}, {}x, last {}: no site has this pin\n", escaped(key.pin),
                       escaped(key.address), key.times, local_time(key.last, now));
  return out;
}

}  // namespace

const Fields<HubStatus>& hub_fields() {
  static const Fields<HubStatus> fields{
      Field<HubStatus>{"name",
                       "this hub",
                       [](const HubStatus& hub) { return Json(hub.name); },
                       {{"tsmtp_info", kGauge, "Version and name of this hub; always 1.",
                         [](const HubStatus& hub) {
                           return std::vector<Sample>{{fmt::format("hub={},version={}", label_value(hub.name),
                                                                   label_value(hub.version)),
                                                       std::uint64_t{1}}};
                         }}}}
          .said(HubLine::kHub, [](const HubStatus& hub) { return "hub " + escaped(hub.name) + ": "; }),
      plain("version", "of\n.Xr relayd 8", &HubStatus::version)
          .said(HubLine::kHub, [](const HubStatus& hub) { return "relayd " + escaped(hub.version); }),
      plain("pid", "its process", &HubStatus::pid)
          .said(HubLine::kHub, [](const HubStatus& hub) { return fmt::format(", process {}", hub.pid); }),
      time("now", "when this was taken", &HubStatus::now),
      Field<HubStatus>{"started",
                       "when it started",
                       [](const HubStatus& hub) { return Json(rfc3339(hub.started)); },
                       {{"tsmtp_start_time_seconds", kGauge, "When relayd started, seconds since 1970.",
                         [](const HubStatus& hub) { return at_time(hub.started); }}}}
          .said(HubLine::kHub,
                [](const HubStatus& hub, WallTime now) { return ", running " + since(hub.started, now); }),
      plain("config_file", "the configuration in force", &HubStatus::config_file)
          .said(HubLine::kConfiguration,
                [](const HubStatus& hub) { return "configuration  " + escaped(hub.config_file); }),
      Field<HubStatus>{
          "config_loaded",
          "when it was loaded",
          [](const HubStatus& hub) { return Json(rfc3339(hub.config_loaded)); },
          {{"tsmtp_config_load_time_seconds", kGauge, "When the configuration in force was loaded.",
            [](const HubStatus& hub) { return at_time(hub.config_loaded); }}}}
          .said(HubLine::kConfiguration,
                [](const HubStatus& hub, WallTime now) {
                  return fmt::format(", loaded {} ({} ago)", local_time(hub.config_loaded, now),
                                     span_since(hub.config_loaded, now));
                }),
      Field<HubStatus>{"last_reload_error",
                       "why the last reload failed",
                       [](const HubStatus& hub) { return text_or_null(hub.last_reload_error); },
                       {{"tsmtp_config_reload_failed", kGauge, "1 if the last reload failed.",
                         [](const HubStatus& hub) { return one(hub.last_reload_error.empty() ? 0 : 1); }}}}
          .said(HubLine::kReload,
                [](const HubStatus& hub) {
                  return hub.last_reload_error.empty()
                             ? std::string()
                             : "LAST RELOAD FAILED, still running the one before: " +
                                   escaped(hub.last_reload_error);
                }),
      plain("fingerprint", "our own pin", &HubStatus::fingerprint)
          .said(HubLine::kKey,
                [](const HubStatus& hub) { return "key            " + escaped(hub.fingerprint); }),
      object("own_key", "how old our key is, and who knows it", &HubStatus::own_key, own_key_fields())
          .measured({{"tsmtp_key_made_time_seconds", kGauge, "When our key was made, seconds since 1970.",
                      [](const HubStatus& hub) { return at_time(hub.own_key.made); }},
                     {"tsmtp_key_rotations", kGauge, "Rotations that have led to our key.",
                      [](const HubStatus& hub) { return one(hub.own_key.rotations); }},
                     {"tsmtp_key_awaited_sites", kGauge, "Sites that have not confirmed our key.",
                      [](const HubStatus& hub) { return one(hub.own_key.awaited.size()); }},
                     {"tsmtp_key_not_rotated", kGauge, "1 while rotate_every cannot replace our key.",
                      [](const HubStatus& hub) { return one(hub.own_key.trouble.empty() ? 0 : 1); }}})
          .said(HubLine::kKeyAge,
                [](const HubStatus& hub, WallTime now) {
                  return "               " + in_words(hub.own_key, own_key_fields(), now);
                }),
      counted("keys_revoked", "keys that are refused for good", &HubStatus::keys_revoked,
              {"tsmtp_keys_revoked", kGauge, "Keys that are refused for good.", {}}),
      plain("listen", "list of addresses where sites dial in", &HubStatus::listen)
          .said(HubLine::kListen,
                [](const HubStatus& hub) {
                  return "listening on   " +
                         (hub.listen.empty() ? "nothing, dials out only" : list_text(hub.listen));
                }),
      object("audit", "the audit record of\n.Xr relayd.toml 5 ;\nnull unless configured", &HubStatus::audit,
             audit_fields())
          .measured({{"tsmtp_audit_records_total", kCounter, "Audit records written.",
                      [](const HubStatus& hub) { return one(hub.audit ? hub.audit->written : 0); }},
                     {"tsmtp_audit_records_lost_total", kCounter, "Audit records that could not be written.",
                      [](const HubStatus& hub) { return one(hub.audit ? hub.audit->lost : 0); }}})
          .said(HubLine::kAudit,
                [](const HubStatus& hub, WallTime now) {
                  return hub.audit ? "audit record   " + in_words(*hub.audit, audit_fields(), now)
                                   : std::string();
                }),
      ledger_field(),
      sharing_field(),
      site_ledger_field(),
      Field<HubStatus>{
          "endpoints_held",
          "whether the endpoints are held while\n.Xr relayd 8\ndoes not run; null where none is a TCP port",
          [](const HubStatus& hub) { return hub.endpoints_held ? Json(*hub.endpoints_held) : Json(nullptr); }}
          .said(HubLine::kEndpoints, endpoints_held_text),
      Field<HubStatus>{
          "draining",
          "whether no new mail is taken",
          [](const HubStatus& hub) { return Json(hub.draining); },
          {{"tsmtp_draining", kGauge, "1 while relayd finishes what is in flight and takes nothing new.",
            [](const HubStatus& hub) { return one(hub.draining ? 1 : 0); }}}}
          .said(HubLine::kHub, [](const HubStatus& hub) { return hub.draining ? ", DRAINING" : ""; }),
      object("shortage",
             "what this hub was out of, file descriptors mostly, so that a client could not "
             "be\naccepted; null if that has not happened",
             &HubStatus::shortage, shortage_fields())
          .measured(
              {{"tsmtp_shortages_total", kCounter, "Times a client was not accepted for want of descriptors.",
                [](const HubStatus& hub) { return one(hub.shortage ? hub.shortage->times : 0); }}})
          .said(HubLine::kShortage, shortage_text),
      counted(
          "sessions_refused", "connections of the MTA turned away at an endpoint",
          &HubStatus::sessions_refused,
          {"tsmtp_sessions_refused_total", kCounter, "Connections of MTAs turned away at an endpoint.", {}})
          .said(HubLine::kSessionsRefused,
                [](const HubStatus& hub) {
                  return hub.sessions_refused == 0
                             ? std::string()
                             : fmt::format("refused        {} at endpoints, connections of MTAs",
                                           hub.sessions_refused);
                }),
      counted("strangers", "connections to\n.Ic listen\nthat have not shown a key yet",
              &HubStatus::unauthenticated,
              {"tsmtp_strangers", kGauge, "Connections to the link port that have not shown a key yet.", {}}),
      counted(
          "strangers_driven_out", "such connections that were closed because there were too many",
          &HubStatus::unauthenticated_driven_out,
          {"tsmtp_strangers_driven_out_total", kCounter, "Such connections closed because of too many.", {}}),
      counted("connections_refused", "connections turned away at\n.Ic listen ,\nfor whatever reason",
              &HubStatus::connections_refused,
              {"tsmtp_connections_refused_total", kCounter, "Connections turned away at the link port.", {}})
          .said(HubLine::kConnectionsRefused, connections_refused_text),
      counted("keys_refused", "attempts to make a link with a key that is no site's",
              &HubStatus::keys_refused,
              {"tsmtp_keys_refused_total", kCounter, "Link attempts with a key that is no site's pin.", {}}),
      objects("refused_keys", "list of the latest of those keys", &HubStatus::refused_keys,
              refused_key_fields())
          .said(HubLine::kKeysRefused, refused_keys_text),
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
