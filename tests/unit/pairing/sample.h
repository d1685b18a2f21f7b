// Two hubs for tests of pairing: tokyo invites, birl joins.
#pragma once

#include <string>

#include "relayd/net/tls/pairing_crypto.h"
#include "relayd/pairing/inviter.h"
#include "relayd/pairing/token.h"

namespace tsmtp::pairing {

inline const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};
inline const std::string kTokyoPin(kPinBytes, 'T');
inline const std::string kBirlPin(kPinBytes, 'B');
inline const std::string kMalloryPin(kPinBytes, 'M');
inline const std::string kSecret = "0123456789abcdef";

inline Token sample_token() {
  return {.id = "\x01\x02",
          .secret = kSecret,
          .short_pin = kTokyoPin.substr(0, kShortPinBytes),
          .dial = {.host = "hub.tokyo.example", .port = 5443, .unix_path = {}}};
}

inline Session session_of(const std::string& joiner_pin, char session = 'x') {
  return {
      .exporter = std::string(kExporterBytes, session), .inviter_pin = kTokyoPin, .joiner_pin = joiner_pin};
}

inline settings::Site sample_site(const std::string& name, const std::string& pin,
                                  const std::string& domain) {
  settings::Site site;
  site.name = name;
  site.hubs = {{.name = name, .pins = {pin}, .dial = {}}};
  (void)site.rules.domains.add(domain);
  return site;
}

/// Of tokyo, which has invited birl for birl.example.
struct Tokyo {
  net::PairingCrypto crypto;
  Invitations book;
  Taken taken{.hub_name = "tokyo", .own_domains = {}, .sites = {}};

  Tokyo() {
    (void)taken.own_domains.add("tokyo.example");
    Invitation one;
    one.id = sample_token().id;
    one.stored_secret = stored_secret(crypto, kSecret);
    one.site = "birl";
    one.domains = {"birl.example"};
    one.own_domains = {"tokyo.example"};
    one.dial = "hub.tokyo.example:5443";
    one.made = kNow;
    one.expires = kNow + std::chrono::hours(24);
    (void)book.add(one);
  }

  [[nodiscard]] Invitation& invitation() { return *book.find(sample_token().id); }

  [[nodiscard]] Request request(bool is_final, const Session& session = session_of(kBirlPin),
                                const std::string& secret = kSecret) const {
    return {
        .id = sample_token().id,
        .proof = proof_of(crypto, secret, session),
        .is_final = is_final,
        .joiner = {
            .name = "birlhub", .domains = {"birl.example", ".birl.example"}, .dial = {"birl.example:5443"}}};
  }

  [[nodiscard]] Answer ask(const Request& request, const Session& session = session_of(kBirlPin),
                           base::WallTime now = kNow) {
    return judge(book, request, session, taken, crypto, now).answer;
  }
};

inline Why why_of(const Answer& answer) {
  const auto* const refusal = std::get_if<Refusal>(&answer);
  return refusal != nullptr ? refusal->why : Why{};
}

}  // namespace tsmtp::pairing
