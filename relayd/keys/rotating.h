// What it would mean to replace this hub's key, before anybody does it: a site that cannot follow loses its
// link, and the administrator must have been told so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/keys/chain.h"

namespace tsmtp::keys {

/// How a site stands with our keys.
struct Following {
  std::string site;
  std::string has_pin;             ///< the last of our keys that it has confirmed; empty: none
  std::optional<bool> can_follow;  ///< whether its relayd knows of rotation; nothing: it has not said so yet
};

struct Rotating {
  /// Their relayd knows nothing of rotation: they are shown the earlier key until it is retired, no longer.
  std::vector<std::string> left_behind;
  /// The last of our keys that they have drops off the chain, which has become too long to hold it.
  std::vector<std::string> cut_off;
  /// One at least can go on for good, or there is none at all.
  bool somebody_follows = true;
};

/// `chain`: to our present key.
[[nodiscard]] Rotating plan_rotation(const std::vector<Following>& sites, const Chain& chain,
                                     const Crypto& crypto);

}  // namespace tsmtp::keys
