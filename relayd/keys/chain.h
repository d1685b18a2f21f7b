// A chain of signed steps from one key of a hub to the next (docs/protocol.md, "Rotation"). A hub's
// certificate carries it, so that a peer that has pinned an earlier key knows the present one without asking
// anybody. Nothing here is believed: a chain that came in is laid out well, and judge() says if it is true.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/keys/crypto.h"

namespace tsmtp::keys {

inline constexpr std::size_t kPinBytes = 32;
inline constexpr std::size_t kMaxSteps = 32;
/// Of the whole extension. 32 steps of Ed25519 keys are 6 KiB.
inline constexpr std::size_t kMaxChainBytes = 8192;
/// Of a key, or of a signature: RSA with 4096 bits fits.
inline constexpr std::size_t kMaxKeyBytes = 1024;

/// From a key to `key`.
struct Step {
  std::uint32_t serial = 0;  ///< 1 for the first of a hub, and one more with each
  std::int64_t made = 0;     ///< seconds since 1970, by the clock of who made it; for people
  std::string key;           ///< DER SubjectPublicKeyInfo
  std::string by_old;        ///< statement(), signed by the key before
  std::string by_new;        ///< and by `key`, so that nobody steps to a key that is another's

  friend bool operator==(const Step&, const Step&) = default;
};

struct Chain {
  std::string first;  ///< DER SubjectPublicKeyInfo of the key that the first step leaves
  std::vector<Step> steps;

  friend bool operator==(const Chain&, const Chain&) = default;
};

/// The statement that both keys of a step sign.
[[nodiscard]] std::string statement(std::string_view old_pin, const Step& step);

/// Whether both keys have signed it; `old_key` is the one that it leaves.
[[nodiscard]] bool is_signed(const Step& step, std::string_view old_key, const Crypto& crypto);

/// The pins of all its keys, the oldest first.
[[nodiscard]] std::vector<std::string> pins_of(const Chain& chain, const Crypto& crypto);

/// `chain`, whose last key it leaves, with this step behind the others. The first ones are given up when they
/// are too many, or too large.
[[nodiscard]] Chain extended(Chain chain, Step step);

/// As it stands in the certificate. `chain` has a step, and is within the bounds.
[[nodiscard]] std::string encode(const Chain& chain);

/// Reads bytes from anybody. Counts and lengths are checked before anything is allocated. The serials rise by
/// one.
[[nodiscard]] base::Result<Chain> decode(std::string_view bytes);

}  // namespace tsmtp::keys
