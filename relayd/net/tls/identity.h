// Who a hub is: a private key and a self-signed certificate in one PEM file. Identity is the SHA-256 of the
// SubjectPublicKeyInfo, the pin (P7); names and dates in the certificate are for people only and are never
// checked.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/io/with_rights_of.h"

namespace tsmtp::net {

/// Makes a key (Ed25519) and a certificate, and writes both to `path`, mode 0600. It belongs to `owner`,
/// hub.user, if we are root. Refuses to replace a file: a new identity means a new pin at every other hub.
[[nodiscard]] base::Result<void> create_identity(const std::string& path, const std::string& hub_name,
                                                 const std::optional<Owner>& owner = {});

class Identity {
 public:
  /// Reads `path`, as root for `owner`, who is hub.user. Refused: a file that others than its owner may read
  /// or write, or whose owner is none of root, `owner` and the user we run as; a key that does not belong to
  /// the certificate.
  [[nodiscard]] static base::Result<Identity> load(const std::string& path,
                                                   const std::optional<Owner>& owner = {});

  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  /// 32 raw bytes.
  [[nodiscard]] const std::string& pin() const { return pin_; }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::string pin_;
};

/// The pin of a certificate, 32 raw bytes: SHA-256 over its DER SubjectPublicKeyInfo (RFC 7469 section 2.4).
[[nodiscard]] std::string pin_of(const X509* certificate);

/// "sha256:" and base64, as the configuration writes it.
[[nodiscard]] std::string pin_text(const std::string& pin);

}  // namespace tsmtp::net
