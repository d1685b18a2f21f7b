// The cryptography that the rules of keys need, so that tests can do without it. net/tls implements it.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::keys {

class Crypto {
 public:
  virtual ~Crypto() = default;
  /// The pin of a key: SHA-256 over its DER SubjectPublicKeyInfo, 32 raw bytes.
  [[nodiscard]] virtual std::string pin_of(std::string_view key) const = 0;
  /// Whether `signature` is that of `key` (DER SubjectPublicKeyInfo) over `message`. All three may be
  /// anything.
  [[nodiscard]] virtual bool is_signed(std::string_view key, std::string_view message,
                                       std::string_view signature) const = 0;
};

}  // namespace tsmtp::keys
