// The fields of a hub's status.
#include <fmt/format.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/counter_fields.h"
#include "relayd/control/delay_fields.h"
#include "relayd/control/field_forms.h"
#include "relayd/control/ledger_fields.h"
#include "relayd/control/phrases.h"
#include "relayd/control/predecessor.h"
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
          .said(kOnlyLine,
                [](const AuditStatus& audit) {
                  return audit.trouble.empty() ? std::string() : ": " + escaped(audit.trouble);
                }),
      {"since", "since when something is wrong", [](const AuditStatus& audit) {
         return audit.trouble.empty() ? Json(nullptr) : Json(rfc3339(audit.since));
       }}};
  return fields;
}

const Fields<HeldStatus>& held_fields() {
  static const Fields<HeldStatus> fields{text("what", "a mail or a connection, and whose", &HeldStatus::what),
                                         time("since", "when it began", &HeldStatus::since)};
  return fields;
}

const Fields<PredecessorStatus>& predecessor_fields() {
  static const Fields<PredecessorStatus> fields{
      plain("pid", "its process", &PredecessorStatus::pid),
      time("since", "when this one began to serve", &PredecessorStatus::since),
      plain("sessions", "sessions of our MTA that it still has", &PredecessorStatus::sessions),
      plain("mails", "mails under way there", &PredecessorStatus::mails),
      plain("connections", "connections of forwards and services", &PredecessorStatus::connections),
      time("ends", "when it ends at the latest, whatever it has", &PredecessorStatus::ends),
      objects("held", "list of the oldest of these mails and connections, eight at most, each with",
              &PredecessorStatus::held, held_fields())};
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

const Fields<MailMemoryStatus>& mail_memory_fields() {
  static const Fields<MailMemoryStatus> fields{plain("used", "bytes", &MailMemoryStatus::used_bytes),
                                               plain("limit", "bytes", &MailMemoryStatus::limit_bytes)};
  return fields;
}

const Fields<RateRefusals>& rate_refusal_fields() {
  static const Fields<RateRefusals> fields{plain("out", "of our MTA", &RateRefusals::out),
                                           plain("in", "of the sites", &RateRefusals::in)};
  return fields;
}

/// Of how many sites that is so.
template <typename Is>
std::vector<Sample> sites_that(const HubStatus& hub, Is is) {
  return one(static_cast<std::uint64_t>(std::count_if(hub.sites.begin(), hub.sites.end(), is)));
}

std::string endpoints_held_text(const HubStatus& hub) {
  if (!hub.endpoints_held) return {};
  return *hub.endpoints_held ? "endpoints      held while relayd does not run"
                             : "endpoints      NOT HELD while relayd does not run: start `relayd "
                               "--hold-endpoints`, relayd(8)";
}

std::string old_process_text(const HubStatus& hub, WallTime now) {
  return hub.predecessor ? predecessor_text(*hub.predecessor, now) : std::string();
}

std::string shortage_text(const HubStatus& hub, WallTime now) {
  if (!hub.shortage) return {};
  return fmt::format("SHORTAGE       {}, {}x, last {}", escaped(hub.shortage->text), hub.shortage->times,
                     local_time(hub.shortage->last, now));
}

std::string log_lost_text(const HubStatus& hub) {
  if (hub.log_lines_lost == 0) return {};
  return fmt::format("log            {} LINES LOST: its reader had stopped, or its disk was full",
                     hub.log_lines_lost);
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
      time("now", "when this was taken", &HubStatus::now)
          .measured({{"tsmtp_clock_timestamp_seconds", kGauge, "This hub's clock, seconds since 1970.",
                      [](const HubStatus& hub) { return at_time(hub.now); }}}),
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
          .measured(
              {{"tsmtp_key_made_time_seconds", kGauge, "When our key was made, seconds since 1970.",
                [](const HubStatus& hub) { return at_time(hub.own_key.made); }},
               {"tsmtp_key_rotations", kGauge, "Rotations that have led to our key.",
                [](const HubStatus& hub) { return one(hub.own_key.rotations); }},
               {"tsmtp_key_awaited_sites", kGauge, "Sites that have not confirmed our key.",
                [](const HubStatus& hub) { return one(hub.own_key.awaited.size()); }},
               {"tsmtp_key_not_rotated", kGauge, "1 while rotate_every cannot replace our key.",
                [](const HubStatus& hub) { return one(hub.own_key.trouble.empty() ? 0 : 1); }},
               {"tsmtp_key_earlier_until_timestamp_seconds", kGauge,
                "Until when our earlier key is shown to hubs that know nothing of rotation; nothing while "
                "none is.",
                [](const HubStatus& hub) { return at_time(hub.own_key.earlier_until); }}})
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
          .measured(
              {{"tsmtp_audit_records_total", kCounter, "Audit records written.",
                [](const HubStatus& hub) { return one(hub.audit ? hub.audit->written : 0); }},
               {"tsmtp_audit_records_lost_total", kCounter, "Audit records that could not be written.",
                [](const HubStatus& hub) { return one(hub.audit ? hub.audit->lost : 0); }},
               {"tsmtp_audit_trouble_timestamp_seconds", kGauge,
                "Since when something is wrong with the audit record, seconds since 1970; nothing while "
                "nothing is.",
                [](const HubStatus& hub) {
                  const bool is_wrong = hub.audit && !hub.audit->trouble.empty();
                  return at_time(is_wrong ? std::optional(hub.audit->since) : std::nullopt);
                }}})
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
          [](const HubStatus& hub) { return hub.endpoints_held ? Json(*hub.endpoints_held) : Json(nullptr); },
          {{"tsmtp_endpoints_held", kGauge,
            "0 where nobody holds the endpoints while relayd does not run; nothing where none is a TCP port.",
            [](const HubStatus& hub) {
              return hub.endpoints_held ? one(*hub.endpoints_held ? 1 : 0) : std::vector<Sample>();
            }}}}
          .said(HubLine::kEndpoints, endpoints_held_text),
      Field<HubStatus>{
          "draining",
          "whether no new mail is taken",
          [](const HubStatus& hub) { return Json(hub.draining); },
          {{"tsmtp_draining", kGauge, "1 while relayd finishes what is in flight and takes nothing new.",
            [](const HubStatus& hub) { return one(hub.draining ? 1 : 0); }}}}
          .said(HubLine::kHub, [](const HubStatus& hub) { return hub.draining ? ", DRAINING" : ""; }),
      object("predecessor",
             "the process before this one, while that has yet to end after\n.Ic relayctl upgrade ;\nnull "
             "otherwise",
             &HubStatus::predecessor, predecessor_fields())
          .measured({{"tsmtp_predecessor_sessions", kGauge,
                      "Sessions and connections that the process before this one still has; nothing where "
                      "there is none.",
                      [](const HubStatus& hub) {
                        return hub.predecessor ? one(hub.predecessor->sessions + hub.predecessor->connections)
                                               : std::vector<Sample>();
                      }}})
          .said(HubLine::kPredecessor, old_process_text),
      object("shortage",
             "what this hub was out of, file descriptors mostly, so that a client could not "
             "be\naccepted; null if that has not happened",
             &HubStatus::shortage, shortage_fields())
          .measured(
              {{"tsmtp_shortages_total", kCounter, "Times a client was not accepted for want of descriptors.",
                [](const HubStatus& hub) { return one(hub.shortage ? hub.shortage->times : 0); }}})
          .said(HubLine::kShortage, shortage_text),
      delays_field(),
      object("mail_memory", "what envelopes and verdicts of mails under way take, and may take at most",
             &HubStatus::mail_memory, mail_memory_fields())
          .measured(
              {{"tsmtp_mail_memory_bytes", kGauge, "Memory of envelopes and verdicts of mails under way.",
                [](const HubStatus& hub) { return one(hub.mail_memory.used_bytes); }},
               {"tsmtp_mail_memory_limit_bytes", kGauge, "What that may be at most.",
                [](const HubStatus& hub) { return one(hub.mail_memory.limit_bytes); }}}),
      object("rate_refusals", "mails put off because more came at once than the rates of their site allow",
             &HubStatus::rate_refusals, rate_refusal_fields())
          .measured({{"tsmtp_rate_refusals_total", kCounter,
                      "Mails put off because more came than the rates of their site allow.",
                      [](const HubStatus& hub) {
                        return std::vector<Sample>{{"direction=\"out\"", hub.rate_refusals.out},
                                                   {"direction=\"in\"", hub.rate_refusals.in}};
                      }}}),
      counted("log_lines_lost", "lines of the log that nobody read in time, or whose disk was full",
              &HubStatus::log_lines_lost,
              {"tsmtp_log_lines_lost_total", kCounter, "Lines of the log that could not be written.", {}})
          .said(HubLine::kLog, log_lost_text),
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
      {"sites",
       "list of objects, in the order of the configuration, each with",
       [](const HubStatus& hub) {
         Json out = Json::array();
         for (const SiteStatus& site : hub.sites)
           out.push_back(to_json(site, site_fields()));
         return out;
       },
       {{"tsmtp_sites", kGauge, "Sites that are configured.",
         [](const HubStatus& hub) { return one(hub.sites.size()); }},
        {"tsmtp_oldest_mail_under_way_timestamp_seconds", kGauge,
         "When the oldest mail began that is under way, either way, seconds since 1970; nothing while none "
         "is.",
         [](const HubStatus& hub) {
           std::optional<WallTime> oldest;
           for (const SiteStatus& site : hub.sites)
             if (site.oldest_open) oldest = std::min(oldest.value_or(*site.oldest_open), *site.oldest_open);
           return at_time(oldest);
         }},
        {"tsmtp_mta_away_sites", kGauge, "Sites for whose mail our own MTA cannot be reached.",
         [](const HubStatus& hub) {
           return sites_that(hub, [](const SiteStatus& site) { return !site.mta.trouble.empty(); });
         }},
        {"tsmtp_older_sites", kGauge, "Sites whose relayd is older than ours, as far as their links are up.",
         [](const HubStatus& hub) {
           return sites_that(hub, [](const SiteStatus& site) { return site.is_older; });
         }}}},
  };
  return fields;
}

}  // namespace tsmtp::control
