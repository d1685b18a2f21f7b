// The messages of pairing, by hand from docs/protocol.md alone, so that they need not be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/hostile_peer.h"

namespace tsmtp::support {

enum class PairingTag : char { kId = 1, kProof, kFinal, kName, kDomain, kDial, kYourDomain, kWhy, kDetail };

inline constexpr char kRequest = 1, kOffer = 2, kRefusal = 3;

inline std::string pairing_field(PairingTag tag, std::string_view value) {
  return static_cast<char>(tag) + big_endian(value.size(), 2) + std::string(value);
}

inline std::string pairing_message(char kind, std::string_view fields) {
  return kind + big_endian(fields.size(), 2) + std::string(fields);
}

inline std::string pairing_request(const std::string& id, const std::string& proof, bool is_final = false) {
  return pairing_message(kRequest, pairing_field(PairingTag::kId, id) +
                                       pairing_field(PairingTag::kProof, proof) +
                                       pairing_field(PairingTag::kFinal, std::string(1, is_final ? 1 : 0)) +
                                       pairing_field(PairingTag::kName, "mallory"));
}

inline std::string pairing_offer(bool is_final, const std::string& name,
                                 const std::vector<std::string>& domains,
                                 const std::vector<std::string>& your_domains) {
  std::string fields = pairing_field(PairingTag::kFinal, std::string(1, is_final ? 1 : 0)) +
                       pairing_field(PairingTag::kName, name);
  for (const std::string& domain : domains)
    fields += pairing_field(PairingTag::kDomain, domain);
  for (const std::string& domain : your_domains)
    fields += pairing_field(PairingTag::kYourDomain, domain);
  return pairing_message(kOffer, fields);
}

}  // namespace tsmtp::support
