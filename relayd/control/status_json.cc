#include "relayd/control/status_json.h"

#include <nlohmann/json.hpp>

#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json to_json(const RefusedMail& mail) {
  return Json{{"when", rfc3339(mail.when)},
              {"sender", mail.sender},
              {"recipient", mail.recipient},
              {"reply", mail.reply},
              {"advice", text_or_null(mail.advice)}};
}

Json to_json(const Traffic& traffic) {
  return Json{{"ok", traffic.ok},
              {"refused", traffic.refused},
              {"deferred", traffic.deferred},
              {"bytes", traffic.bytes},
              {"link_bytes", traffic.link_bytes},
              {"last_refused", traffic.last_refused ? to_json(*traffic.last_refused) : Json(nullptr)}};
}

Json to_json(const std::vector<DialFailure>& failures) {
  Json out = Json::array();
  for (const DialFailure& failure : failures)
    out.push_back({{"address", failure.address}, {"when", rfc3339(failure.when)}, {"cause", failure.cause}});
  return out;
}

Json to_json(const MtaConnections& mta) {
  return Json{{"in_use", mta.in_use},
              {"idle", mta.idle},
              {"opening", mta.opening},
              {"closing", mta.closing},
              {"waiting", mta.waiting},
              {"limit", mta.limit},
              {"learnt_limit", mta.learnt ? Json(*mta.learnt) : Json(nullptr)},
              {"trouble", text_or_null(mta.trouble)}};
}

Json to_json(const SiteStatus& site) {
  Json out;
  out["name"] = site.name;
  out["state"] = to_string(site.state);
  out["since"] = rfc3339(site.since);
  out["cause"] = text_or_null(site.cause);
  out["stands_still_since"] =
      site.stands_still_since ? Json(rfc3339(*site.stands_still_since)) : Json(nullptr);
  out["next_dial"] = site.next_dial ? Json(rfc3339(*site.next_dial)) : Json(nullptr);
  out["dial_failures"] = to_json(site.dial_failures);
  out["peer_address"] = text_or_null(site.peer_address);
  out["peer_name"] = text_or_null(site.peer_name);
  out["tls"] = text_or_null(site.tls);
  out["compresses"] = site.compresses;
  out["tls_key_updates"] = site.key_updates;
  out["congestion"] = text_or_null(site.congestion);
  out["round_trip_us"] = site.round_trip ? Json(site.round_trip->count()) : Json(nullptr);
  out["endpoints"] = site.endpoints;
  out["far_mta"] = text_or_null(site.far_mta);
  out["mta"] = to_json(site.mta);
  out["out"] = to_json(site.out);
  out["in"] = to_json(site.in);
  out["open_transactions"] = site.open_transactions;
  out["in_doubt"] = site.in_doubt;
  out["streams_refused"] = site.streams_refused;
  out["frames"] = Json{{"opens_in", site.frames.opens_in},     {"resets_in", site.frames.resets_in},
                       {"resets_out", site.frames.resets_out}, {"pings_in", site.frames.pings_in},
                       {"idle_in", site.frames.idle_in},       {"replayed", site.frames.replayed}};
  out["connections"] = site.connections;
  out["resumptions"] = site.resumptions;
  out["links_up_total"] = site.links_up_total;
  return out;
}

Json to_json(const RefusedKey& key) {
  return Json{{"pin", key.pin}, {"address", key.address}, {"last", rfc3339(key.last)}, {"times", key.times}};
}

Json to_json(const ShortageStatus& shortage) {
  Json out;
  out["times"] = shortage.times;
  out["last"] = rfc3339(shortage.last);
  out["text"] = shortage.text;
  return out;
}

Json to_json(const AuditStatus& audit) {
  return Json{{"target", audit.target},
              {"written", audit.written},
              {"lost", audit.lost},
              {"trouble", text_or_null(audit.trouble)}};
}

Json to_json(const LedgerStatus& ledger) {
  return Json{{"trouble", text_or_null(ledger.trouble)},
              {"since", ledger.trouble.empty() ? Json(nullptr) : Json(rfc3339(ledger.since))},
              {"failures", ledger.failures},
              {"doubts", ledger.doubts},
              {"outcomes", ledger.outcomes},
              {"no_witness", text_or_null(ledger.no_witness)}};
}

Json to_json(const HubStatus& hub) {
  Json out;
  out["name"] = hub.name;
  out["version"] = hub.version;
  out["pid"] = hub.pid;
  out["now"] = rfc3339(hub.now);
  out["started"] = rfc3339(hub.started);
  out["config_file"] = hub.config_file;
  out["config_loaded"] = rfc3339(hub.config_loaded);
  out["last_reload_error"] = text_or_null(hub.last_reload_error);
  out["fingerprint"] = hub.fingerprint;
  out["listen"] = hub.listen;
  out["audit"] = hub.audit ? to_json(*hub.audit) : Json(nullptr);
  out["ledger"] = to_json(hub.ledger);
  out["endpoints_held"] = hub.endpoints_held ? Json(*hub.endpoints_held) : Json(nullptr);
  out["draining"] = hub.draining;
  out["shortage"] = hub.shortage ? to_json(*hub.shortage) : Json(nullptr);
  out["sessions_refused"] = hub.sessions_refused;
  out["strangers"] = hub.strangers;
  out["strangers_driven_out"] = hub.strangers_driven_out;
  out["connections_refused"] = hub.connections_refused;
  out["keys_refused"] = hub.keys_refused;
  out["refused_keys"] = Json::array();
  for (const RefusedKey& key : hub.refused_keys)
    out["refused_keys"].push_back(to_json(key));
  out["sites"] = Json::array();
  for (const SiteStatus& site : hub.sites)
    out["sites"].push_back(to_json(site));
  return out;
}

}  // namespace

std::string status_json(const HubStatus& status) {
  constexpr bool kEnsureAscii = true;
  return to_json(status).dump(kIndent, ' ', kEnsureAscii, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::control
