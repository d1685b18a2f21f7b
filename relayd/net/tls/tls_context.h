// How links are encrypted: TLS 1.3 and nothing else, both ends with a certificate, the peer known by the pin
// of its key and by nothing else (P2, P7). There is no option that weakens it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/tls/own_keys.h"

namespace tsmtp::net {

class TlsContext {
 public:
  [[nodiscard]] static base::Result<TlsContext> make(OwnKeys keys);

  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }
  /// That this hub shows.
  [[nodiscard]] const OwnKeys& keys() const { return keys_; }
  /// On connections that are made from now on, those whose handshake has begun not among them.
  void use(OwnKeys keys) { keys_ = std::move(keys); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  OwnKeys keys_;
};

/// The application protocol both ends name (RFC 7301), docs/protocol.md.
inline constexpr char kAlpn[] = "tsmtp/1";
/// That of hubs which do not know each other yet, where an invitation is open: docs/protocol.md, "Pairing".
inline constexpr char kPairingAlpn[] = "tsmtp-pair/1";
/// An extension of ClientHello and EncryptedExtensions, without content: its sender reads chains of keys
/// (docs/protocol.md, "Rotation"). From the range for private use (RFC 8446 section 11).
inline constexpr unsigned kReadsChainsExtension = 0xff74;

}  // namespace tsmtp::net
