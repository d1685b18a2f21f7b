// The cryptography of keys/, by OpenSSL.
#pragma once

#include <openssl/types.h>

#include "relayd/keys/crypto.h"

namespace tsmtp::net {

class KeyCrypto : public keys::Crypto {
 public:
  [[nodiscard]] std::string pin_of(std::string_view key) const override;
  /// Ed25519 and Ed448 as they are; other keys over SHA-256.
  [[nodiscard]] bool is_signed(std::string_view key, std::string_view message,
                               std::string_view signature) const override;
};

/// Of `key` over `message`, as KeyCrypto verifies it; empty after an error of OpenSSL's.
[[nodiscard]] std::string signature_of(EVP_PKEY* key, std::string_view message);

}  // namespace tsmtp::net
