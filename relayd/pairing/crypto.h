// The arithmetic of secrets that pairing needs and must not know itself: net/ brings the implementation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tsmtp::pairing {

class Crypto {
 public:
  virtual ~Crypto() = default;
  /// 32 bytes (FIPS 180-4).
  [[nodiscard]] virtual std::string sha256(std::string_view bytes) const = 0;
  /// 32 bytes (RFC 2104).
  [[nodiscard]] virtual std::string hmac_sha256(std::string_view key, std::string_view bytes) const = 0;
  /// Unpredictable bytes.
  [[nodiscard]] virtual std::string random(std::size_t bytes) const = 0;
};

}  // namespace tsmtp::pairing
