// The certificate that goes with a key: self-signed, and with the chain of keys that leads to this one in an
// extension of its own (docs/protocol.md, "Rotation"). Names and dates in it are for people only and are
// never checked.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>

#include "relayd/base/result.h"
#include "relayd/keys/judge.h"

namespace tsmtp::net {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

/// For the key of hub `name`; `chain` leads to it, or has no step. Null after an error of OpenSSL's.
[[nodiscard]] Certificate make_certificate(EVP_PKEY* key, const std::string& name, const keys::Chain& chain);

/// "tokyo", as people may read it there; empty if it says nothing.
[[nodiscard]] std::string common_name(const X509* certificate);
/// When it was made, seconds since 1970, as it says itself.
[[nodiscard]] std::int64_t made_at(const X509* certificate);

/// The DER SubjectPublicKeyInfo of its key.
[[nodiscard]] std::string public_key_of(const X509* certificate);
/// The pin of a certificate, 32 raw bytes: SHA-256 over its DER SubjectPublicKeyInfo (RFC 7469 section 2.4).
[[nodiscard]] std::string pin_of(const X509* certificate);

/// What a peer's certificate shows: its key, and the chain that it says has led there. The error: there is
/// one, and it cannot be read, or does not end with this key.
[[nodiscard]] base::Result<keys::Shown> shown_by(const X509* certificate);

}  // namespace tsmtp::net
