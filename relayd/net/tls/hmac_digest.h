// The keyed digest of base/keyed_digest.h, by OpenSSL, under a key that never leaves this hub: HMAC-SHA-256
// of the Poly1305 tag and the length of what is digested. All content passes through Poly1305, seven times as
// fast as SHA-256. Under a secret key, and with tags that nobody sees, two different mails of 2 GiB, whoever
// wrote them, have the same tag with a probability of less than 2^-75 (Bernstein 2005, theorem 3.3); HMAC
// hides the tag, which would otherwise tell of the key in the ledger.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "relayd/base/keyed_digest.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

struct MacContextDeleter {
  void operator()(evp_mac_ctx_st* context) const;
};
using MacContext = std::unique_ptr<evp_mac_ctx_st, MacContextDeleter>;

class HmacDigestMaker : public base::DigestMaker {
 public:
  /// Reads the key from `path`, or makes one there (32 random bytes, mode 0600). It must stay the same as
  /// long as the ledger holds digests made with it.
  [[nodiscard]] static base::Result<std::unique_ptr<HmacDigestMaker>> open(const std::string& path);
  /// Writes `key` (32 bytes) to `path`, whole or not at all, and uses it.
  [[nodiscard]] static base::Result<std::unique_ptr<HmacDigestMaker>> replace(const std::string& path,
                                                                              const std::string& key);
  [[nodiscard]] const std::string& key() const { return key_; }

  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override;
  [[nodiscard]] std::string digest(std::string_view bytes) const override;
  [[nodiscard]] std::string new_identifier() const override;

 private:
  explicit HmacDigestMaker(const std::string& key);

  std::string key_;
  // With their keys. One thread uses them, and is done with hmac_ and scratch_ before it returns.
  MacContext hmac_;
  MacContext poly1305_;  // copied for each digest
  MacContext scratch_;
  std::string poly1305_key_;
  mutable std::string identifiers_;  // not yet given away
};

/// `bytes` unpredictable bytes.
[[nodiscard]] std::string random_bytes(std::size_t bytes);

}  // namespace tsmtp::net
