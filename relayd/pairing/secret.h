// Proves that a hub has the secret of an invitation. The proof is worth nothing in any other TLS session, and
// the file on the disk cannot be used to make one (as with SCRAM, RFC 5802
// section 3).
#pragma once

#include <string>
#include <string_view>

#include "relayd/pairing/crypto.h"

namespace tsmtp::pairing {

/// The values that tie a dialogue to one TLS session and to both its keys. The exporter alone does not cover
/// the joiner's certificate (RFC 8446 section 7.5).
struct Session {
  std::string exporter;  ///< 32 bytes, with kExporterLabel and no context
  std::string inviter_pin;
  std::string joiner_pin;
};

inline constexpr std::string_view kExporterLabel = "EXPORTER-tsmtp-pairing";
inline constexpr std::size_t kExporterBytes = 32;
inline constexpr std::size_t kProofBytes = 32;

/// The hash that the inviter keeps of a secret.
[[nodiscard]] std::string stored_secret(const Crypto& crypto, std::string_view secret);

[[nodiscard]] std::string proof_of(const Crypto& crypto, std::string_view secret, const Session& session);
/// Whether `proof` was made with the secret that `stored` is of.
[[nodiscard]] bool proves(const Crypto& crypto, std::string_view stored, std::string_view proof,
                          const Session& session);

/// Four short words that are the same at both hubs, if each has the other's key and both the same invitation.
[[nodiscard]] std::string words_of(const Crypto& crypto, std::string_view stored,
                                   std::string_view inviter_pin, std::string_view joiner_pin);

}  // namespace tsmtp::pairing
