// Who a hub is: a private key and a self-signed certificate in one PEM file. Identity is the SHA-256 of the
// SubjectPublicKeyInfo, the pin (P7). A key that has replaced another one has the chain that leads to it in
// its certificate.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/net/io/with_rights_of.h"
#include "relayd/net/tls/certificate.h"

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
  /// The text of such a file.
  [[nodiscard]] static base::Result<Identity> parse(std::string_view pem);
  /// One that nobody knows yet.
  [[nodiscard]] static base::Result<Identity> make(const std::string& hub_name);
  /// A new key, to which a step leads from this one that both have signed. `now`: seconds since 1970.
  [[nodiscard]] base::Result<Identity> successor(const std::string& hub_name, std::int64_t now) const;

  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  /// Without the chain, for a peer that knows nothing of chains and may find it too long.
  [[nodiscard]] X509* plain_certificate() const { return plain_ ? plain_.get() : certificate_.get(); }
  /// 32 raw bytes.
  [[nodiscard]] const std::string& pin() const { return shown_.pin(); }
  /// What a peer learns of it that reads chains.
  [[nodiscard]] const keys::Shown& shown() const { return shown_; }
  /// Begins with this key if no other has led to it.
  [[nodiscard]] const keys::Chain& chain() const { return shown_.chain; }
  /// Seconds since 1970, by the clock of that time.
  [[nodiscard]] std::int64_t made() const {
    return chain().steps.empty() ? made_at(certificate_.get()) : chain().steps.back().made;
  }
  /// The text of a file for it.
  [[nodiscard]] base::Result<std::string> pem() const;

 private:
  [[nodiscard]] static base::Result<Identity> of(PrivateKey key, Certificate certificate);

  PrivateKey key_;
  Certificate certificate_;
  Certificate plain_;  // null: certificate_ is
  keys::Shown shown_{.pins = {{}}};
};

/// Reads a file with a private key whole; the permissions as for Identity::load(). Nothing: there is none.
[[nodiscard]] base::Result<std::optional<std::string>> read_private_file(const std::string& path,
                                                                         const std::optional<Owner>& owner);

/// "sha256:" and base64, as the configuration writes it.
[[nodiscard]] std::string pin_text(const std::string& pin);

}  // namespace tsmtp::net
