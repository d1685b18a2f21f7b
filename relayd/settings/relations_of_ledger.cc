// What must hold between the keys of [ledger].
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/settings/relations.h"

namespace tsmtp::settings {
namespace {

void check_pair(const Places& places, const char* one, const char* other, base::Diagnostics& diagnostics) {
  if (places.keys.contains(one) == places.keys.contains(other)) return;
  const char* const given = places.keys.contains(one) ? one : other;
  const char* const missing = given == one ? other : one;
  diagnostics.error(places.of(given), std::string(given) + ": needs \"" + missing + "\" beside it");
}

bool has_clear(const Ledger& ledger) {
  for (const EngineEndpoint& endpoint : ledger.endpoints)
    if (endpoint.is_clear) return true;
  return false;
}

void check_tls(const Ledger& ledger, const Places& places, base::Diagnostics& diagnostics) {
  for (const char* key : {"ca", "certificate"})
    if (has_clear(ledger) && places.keys.contains(key))
      diagnostics.error(places.of(key),
                        std::string(key) + ": an endpoint is http, which has no TLS; write https");
  for (const EngineEndpoint& endpoint : ledger.endpoints)
    if (endpoint.is_clear && !base::is_loopback(endpoint.address.host))
      diagnostics.warning(places.of("endpoints"),
                          "endpoints: \"" + endpoint.to_string() +
                              "\" is asked without TLS: whoever is on the way can read and change how mails "
                              "ended");
}

}  // namespace

void relate_ledger(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  const Ledger& ledger = config.ledger;
  const Places& at = places.ledger;
  if (!at.trusted("engine")) return;
  if (ledger.engine == LedgerEngine::kLocal) {
    for (const auto& [key, where] : at.keys)
      if (key != "engine") diagnostics.error(where, std::string(key) + ": only for engine = \"etcd\"");
    return;
  }
  if (!at.keys.contains("endpoints"))
    diagnostics.error(at.header,
                      "missing key \"endpoints\" in [ledger]: where etcd is asked, such as "
                      "[\"https://etcd1.example:2379\"]");
  check_pair(at, "certificate", "key", diagnostics);
  check_pair(at, "user", "password_file", diagnostics);
  check_tls(ledger, at, diagnostics);
  if (at.keys.contains("resend_after") && ledger.on_lost_hub == OnLostHub::kWait && at.trusted("on_lost_hub"))
    diagnostics.error(at.of("resend_after"), "resend_after: only for on_lost_hub = \"resend\"");
}

}  // namespace tsmtp::settings
