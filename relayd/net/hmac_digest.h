// The keyed digest of base/keyed_digest.h, by OpenSSL: HMAC-SHA-256 under a key that never leaves this hub.
#pragma once

#include <memory>
#include <string>

#include "relayd/base/keyed_digest.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

class HmacDigestMaker : public base::DigestMaker {
 public:
  /// Reads the key from `path`, or makes one there (32 random bytes, mode 0600). It must stay the same as
  /// long as the ledger holds digests made with it.
  [[nodiscard]] static base::Result<std::unique_ptr<HmacDigestMaker>> open(const std::string& path);

  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override;
  [[nodiscard]] std::string new_identifier() const override;

 private:
  explicit HmacDigestMaker(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

/// `bytes` unpredictable bytes.
[[nodiscard]] std::string random_bytes(std::size_t bytes);

}  // namespace tsmtp::net
