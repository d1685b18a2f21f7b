#include "relayd/control/ledger_fields.h"

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
    rows.push_back({"oldest_waiting", "when the oldest mail that waits was claimed",
                    [](const SiteLedgerStatus& site) { return time_or_null(site.oldest_waiting); }});
    rows.push_back(
        plain("hubs", "list of the other hubs of our site that are there", &SiteLedgerStatus::hubs));
    return rows;
  }();
  return fields;
}

std::vector<Labelled<ledger::Counters>> ledger_counters(const HubStatus& hub) {
  return {{.labels = {}, .counters = &hub.ledger.counters}};
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

}  // namespace

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
      .measured(
          {{"tsmtp_oldest_waiting_claim_timestamp_seconds", kGauge,
            "When the oldest mail that waits for a lost hub was claimed, seconds since 1970; nothing while "
            "none does.",
            [](const HubStatus& hub) {
              return at_time(hub.site_ledger ? hub.site_ledger->oldest_waiting : std::nullopt);
            }}})
      .said(HubLine::kSiteLedger, site_ledger_text);
}

}  // namespace tsmtp::control
