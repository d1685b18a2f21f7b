// The one line that is carried from the hub that invites to the hub that joins: where to dial, whose key to
// expect there, and a secret that works once. docs/protocol.md, "Pairing".
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::pairing {

inline constexpr std::size_t kIdBytes = 2;
inline constexpr std::size_t kSecretBytes = 16;
inline constexpr std::size_t kPinBytes = 32;
/// Of a pin, in a token: a key with the same 160 bits cannot be found.
inline constexpr std::size_t kShortPinBytes = 20;
/// So that the line with the command in front has at most 120.
inline constexpr std::size_t kMaxTokenBytes = 106;

struct Token {
  std::string id;         ///< which invitation it is: no secret
  std::string secret;     ///< of 128 bits
  std::string short_pin;  ///< the beginning of that of the inviter's key
  base::HostPort dial;

  /// Whether a key with this pin is meant.
  [[nodiscard]] bool is_for(std::string_view pin) const { return pin.starts_with(short_pin); }

  friend bool operator==(const Token&, const Token&) = default;
};

/// "tsmtp1:...", at most kMaxTokenBytes printable characters without blanks. The error says that the address
/// is too long.
[[nodiscard]] base::Result<std::string> token_text(const Token& token);

/// Reads one, blanks around and within it left out. A checksum over all of it tells one that was cut off or
/// mistyped, before anything is dialled.
[[nodiscard]] base::Result<Token> parse_token(std::string_view text);

}  // namespace tsmtp::pairing
