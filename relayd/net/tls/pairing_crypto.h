// pairing/crypto.h, by OpenSSL.
#pragma once

#include "relayd/pairing/crypto.h"

namespace tsmtp::net {

class PairingCrypto : public pairing::Crypto {
 public:
  [[nodiscard]] std::string sha256(std::string_view bytes) const override;
  [[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes) const override;
  [[nodiscard]] std::string random(std::size_t bytes) const override;
};

}  // namespace tsmtp::net
