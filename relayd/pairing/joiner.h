// The joiner's half of pairing: whether what the inviter offers can become a site here, and in which words
// its refusals are told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/pairing/introductions.h"
#include "relayd/pairing/message.h"
#include "relayd/pairing/token.h"

namespace tsmtp::pairing {

/// The orders of its administrator.
struct Wishes {
  std::string site;      ///< its name here; empty: what the inviter calls itself
  std::string hub_of{};  ///< the site here of which it is a hub more; empty: it is a new site
  /// What this hub has said are its own; empty: it has left that to the invitation.
  std::vector<std::string> own_domains;
};

/// The offer of the inviter, its key, and the address at which it was asked.
struct Offered {
  Offer offer;
  std::string inviter_pin;  ///< 32 raw bytes
  base::HostPort dial;
};

/// A site that is not made yet.
struct NewSite {
  std::string name;
  std::string hub_of{};  ///< the site of which it is a hub more, with that name; empty: it is a new site
  std::string peer;      ///< what the other hub calls itself, if that is fit for a file; else as `name`
  std::string pin;       ///< 32 raw bytes
  std::vector<std::string> dial;
  std::vector<std::string> domains;
  std::vector<std::string> local;
};

/// The site here whose key the invitation names; null if there is none.
[[nodiscard]] const settings::Site* site_of_token(const Token& token, const Taken& taken);

/// The site that the offer makes, or the obstacle and what to do about it.
[[nodiscard]] base::Result<NewSite> site_of(const Offered& offered, const Wishes& wishes, const Taken& taken);

/// Why the inviter refuses, and what to do.
[[nodiscard]] std::string refusal_text(const Refusal& refusal);

}  // namespace tsmtp::pairing
