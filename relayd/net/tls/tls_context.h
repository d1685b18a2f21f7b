// How links are encrypted: TLS 1.3 and nothing else, both ends with a certificate, the peer known by the pin
// of its key and by nothing else (P2, P7). There is no option that weakens it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/tls/identity.h"

namespace tsmtp::net {

class TlsContext {
 public:
  /// Copies what it needs of `identity`.
  [[nodiscard]] static base::Result<TlsContext> make(const Identity& identity);

  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// The application protocol both ends name (RFC 7301), docs/protocol.md.
inline constexpr char kAlpn[] = "tsmtp/1";
/// That of hubs which do not know each other yet, where an invitation is open: docs/protocol.md, "Pairing".
inline constexpr char kPairingAlpn[] = "tsmtp-pair/1";

}  // namespace tsmtp::net
